import { Counter, Histogram, type Registry } from "prom-client";

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Requests to the API. `route` is the template (`/api/v1/objects/:kind`), never the path that was asked for. */
export class ApiMetrics {
  readonly #requests: Counter<"route" | "method" | "code">;
  readonly #duration: Histogram<"route">;
  readonly #failures: Counter<"reason">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: "binnacle_api_requests_total",
      help: "Requests to the API by route template.",
      labelNames: ["route", "method", "code"],
      registers,
    });
    this.#duration = new Histogram({
      name: "binnacle_api_request_duration_seconds",
      help: "Time until the API's answer was sent, by route template.",
      labelNames: ["route"],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    });
    this.#failures = new Counter({
      name: "binnacle_api_auth_failures_total",
      help: "Requests that were refused for who asked or where from.",
      labelNames: ["reason"],
      registers,
    });
    for (const reason of AUTH_FAILURES) this.#failures.inc({ reason }, 0);
  }

  answered(request: {
    readonly route: string;
    readonly method: string;
    readonly code: number;
    readonly seconds: number;
  }) {
    const { route, code, seconds } = request;
    // The method is the client's to choose: unknown ones are one label value together.
    const method = METHODS.has(request.method) ? request.method : "other";
    this.#requests.inc({ route, method, code: String(code) });
    this.#duration.observe({ route }, seconds);
  }

  authFailed(reason: AuthFailure): void {
    this.#failures.inc({ reason });
  }
}

/** `credentials`: none or wrong ones. `host` and `origin`: not ours. `forbidden`: known, but not allowed. */
export type AuthFailure = (typeof AUTH_FAILURES)[number];
const AUTH_FAILURES = ["credentials", "host", "origin", "forbidden"] as const;
