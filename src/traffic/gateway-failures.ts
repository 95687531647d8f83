import type { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import type { EntryFacts } from "./entry.ts";

/** A connection to an endpoint that a backend's gateway did not make. */
export interface GatewayFailure {
  readonly backend: string;
  /** Address with port. */
  readonly endpoint: string;
  /** What the gateway answered; `none`: it hung up instead; undefined: it could not be asked. */
  readonly answer: number | "none" | undefined;
  /** Envoy's words; empty where there are none. */
  readonly transportFailure: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const PREFIX = "gateway/";
/** Endpoints with a failure that is remembered. */
const MOST = 1000;
/** Milliseconds that a failed tunnel explains failed requests: longer than health checks are apart, and than log entries. */
const MEMORY = 15_000;

/**
 * The backend whose gateway a listener or a cluster is, as xds/resources names them: `gateway/BACKEND/VERSION`. Undefined: it is
 * none's.
 */
export function gatewayBackend(name: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const [backend, version, ...more] = name.slice(PREFIX.length).split("/");
  return version === undefined || more.length > 0 ? undefined : backend;
}

/** Reads an entry as a failed tunnel; undefined: it is a request. */
export function gatewayFailure(entry: HTTPAccessLogEntry, facts: EntryFacts, at: number): GatewayFailure | undefined {
  const backend = gatewayBackend(facts.listener);
  if (backend === undefined) return undefined;
  return {
    backend,
    endpoint: entry.request?.authority ?? "",
    answer: answerOf(entry, facts),
    transportFailure: entry.commonProperties?.upstreamTransportFailureReason ?? "",
    at,
  };
}

/** A proxy that cannot connect may close its connection so that the answer on it is lost. */
function answerOf(entry: HTTPAccessLogEntry, { code, flags }: EntryFacts): GatewayFailure["answer"] {
  if (entry.response?.responseCodeDetails === "via_upstream") return code;
  return flags.split(",").includes("UC") ? "none" : undefined;
}

/** The newest failure of each endpoint behind a gateway, and of each gateway. */
export class GatewayFailures {
  readonly #byEndpoint = new Map<string, GatewayFailure>();
  readonly #byBackend = new Map<string, GatewayFailure>();

  add(failure: GatewayFailure): void {
    const { backend, endpoint } = failure;
    const key = keyOf(backend, endpoint);
    // The last one that was set stands last: the first is the oldest.
    this.#byEndpoint.delete(key);
    this.#byEndpoint.set(key, failure);
    if (this.#byEndpoint.size > MOST) this.#byEndpoint.delete(this.#byEndpoint.keys().next().value ?? "");
    this.#byBackend.set(backend, failure);
  }

  /** Of an endpoint, or, without one, of any, as long as it explains what fails at `now`, milliseconds since the epoch. */
  newest(backend: string, endpoint: string | undefined, now: number): GatewayFailure | undefined {
    const found =
      endpoint === undefined ? this.#byBackend.get(backend) : this.#byEndpoint.get(keyOf(backend, endpoint));
    return found !== undefined && found.at >= now - MEMORY ? found : undefined;
  }
}

function keyOf(backend: string, endpoint: string): string {
  return `${backend} ${endpoint}`;
}
