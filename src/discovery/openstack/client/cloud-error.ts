import type { FailureKind } from "../../discoverer.ts";

/** A request to OpenStack without the answer that was asked for. Its words hold no secrets. */
export class CloudError extends Error {
  readonly kind: FailureKind;
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(
    message: string,
    options: { readonly kind: FailureKind; readonly status?: number; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "CloudError";
    this.kind = options.kind;
    this.status = options.status ?? 0;
  }
}

/** What an HTTP status that is no success means. */
export function kindOfStatus(status: number): FailureKind {
  if (status === 401) return "credentials";
  if (status === 403) return "forbidden";
  if (status === 413 || status === 429) return "throttled";
  return status >= 500 ? "server" : "invalid";
}
