import type { GatewayFacts } from "./reason-gateway.ts";
import type { RequestRow } from "./request-shown.ts";
import type { EndpointHealth, Owner, Upstream } from "./table-rows.ts";
import { formatUpstream } from "./upstream.ts";

/** What is known of a request when its reason is asked. */
export type FailedRequest = Pick<
  RequestRow,
  | "code"
  | "grpcStatus"
  | "flags"
  | "details"
  | "transportFailure"
  | "host"
  | "authority"
  | "route"
  | "owner"
  | "upstream"
  | "fallback"
  | "endpoint"
  | "attempts"
  | "duration"
  | "phases"
  | "kept"
>;

/** The same in words, for the sentences of the tables. */
export interface FailureFacts {
  readonly request: FailedRequest;
  /** The one that had the request: `team-shop/cart:80`, or `the upstream`. */
  readonly upstream: string;
  /** The one that the route sends to, by whose settings it and those that take over are asked. */
  readonly first: string;
  /** `Service team-shop/cart`, or `the Service`: the one that had the request. */
  readonly service: string;
  /** `10.0.0.1:8080`, or `an endpoint`. */
  readonly endpoint: string;
  /** `Ingress team-shop/shop`, or `the route`. */
  readonly object: string;
  /** The host that was asked for. */
  readonly host: string;
  /** `1 of 3 endpoints is healthy (2 fail their health check)`; empty when it is not known. */
  readonly health: string;
  /** Undefined when it is not known. */
  readonly endpoints: number | undefined;
  readonly healthy: number | undefined;
  /** What the upstream is reached through; undefined: it is reached directly. */
  readonly gateway: GatewayFacts | undefined;
  /** ` after 3 attempts`; empty for one. */
  readonly attempts: string;
  /** `1.2 s`, `250 ms`. */
  readonly duration: string;
}

/** `endpoints` are those of the request's upstream; undefined when they are not known. */
export function failureFacts(
  request: FailedRequest,
  endpoints: readonly EndpointHealth[] | undefined,
  gateway?: GatewayFacts,
): FailureFacts {
  const { upstream: first, fallback, endpoint, owner, host, authority, attempts } = request;
  const upstream = fallback ?? first;
  return {
    request,
    upstream: upstream === undefined ? "the upstream" : formatUpstream(upstream),
    first: first === undefined ? "the upstream" : formatUpstream(first),
    service: upstream === undefined ? "the Service" : formatService(upstream),
    endpoint: endpoint ?? "an endpoint",
    object: owner === undefined ? "the route" : formatOwner(owner),
    host: host === "" || host === "*" ? authority : host,
    health: endpoints === undefined ? "" : healthWords(endpoints),
    endpoints: endpoints?.length,
    healthy: endpoints?.filter(isHealthy).length,
    gateway,
    attempts: attempts > 1 ? ` after ${attempts} attempts` : "",
    duration: durationWords(request.duration),
  };
}

export function isHealthy(health: EndpointHealth): boolean {
  return health === "healthy" || health === "degraded";
}

function formatService({ backend, namespace, service }: Upstream): string {
  const place = backend === "local" ? "" : ` of backend ${backend}`;
  return `Service ${namespace}/${service}${place}`;
}

function formatOwner({ kind, namespace, name }: Owner): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** `1.2 s`, `250 ms`. */
export function durationWords(milliseconds: number): string {
  if (milliseconds >= 1000) return `${Math.round(milliseconds / 100) / 10} s`;
  return `${milliseconds >= 10 ? Math.round(milliseconds) : Math.round(milliseconds * 10) / 10} ms`;
}

const HEALTH_WORDS: Readonly<Record<Exclude<EndpointHealth, "healthy">, readonly [one: string, many: string]>> = {
  failing: ["fails its health check", "fail their health check"],
  ejected: ["is ejected after too many errors", "are ejected after too many errors"],
  unhealthy: ["is marked unhealthy", "are marked unhealthy"],
  draining: ["is draining", "are draining"],
  unknown: ["is not checked yet", "are not checked yet"],
  degraded: ["is degraded", "are degraded"],
};

/** `1 of 3 endpoints is healthy (1 fails its health check, 1 is draining)`. */
export function healthWords(endpoints: readonly EndpointHealth[]): string {
  if (endpoints.length === 0) return "it has no endpoints";
  const healthy = endpoints.filter(isHealthy).length;
  const others = Object.entries(HEALTH_WORDS).flatMap(([health, [one, many]]) => {
    const count = endpoints.filter((endpoint) => endpoint === health).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  const of = endpoints.length === 1 ? "1 endpoint" : `${endpoints.length} endpoints`;
  return `${healthy} of ${of} ${healthy === 1 ? "is" : "are"} healthy${others.length === 0 ? "" : ` (${others.join(", ")})`}`;
}
