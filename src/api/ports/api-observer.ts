/** Told of every answer, for the metrics. */
export interface ApiObserver {
  /** `route` is a template (`/api/v1/objects/:kind`), never the path that was asked for. */
  answered(request: {
    readonly route: string;
    readonly method: string;
    readonly code: number;
    readonly seconds: number;
  }): void;
  /** `credentials`: none or wrong ones. `host`, `origin`: not ours. `forbidden`: known, but not allowed. */
  authFailed(reason: "credentials" | "host" | "origin" | "forbidden"): void;
}
