import { gatewayBackend } from "./gateway-failures.ts";
import type { EndpointHealth, Upstream } from "./table-rows.ts";
import { parseUpstream } from "./upstream.ts";

/** An endpoint as one Envoy sees it; counters since that Envoy started. */
export interface EndpointReading {
  /** Address with port. */
  readonly address: string;
  readonly health: EndpointHealth;
  readonly zone: string;
  /** Used when too few of the lower ones are healthy; 0 unless given. */
  readonly priority?: number;
  /** The upstream that takes over which it is an endpoint of; the cluster's own unless given. */
  readonly fallback?: Upstream;
  readonly activeRequests: number;
  readonly activeConnections: number;
  readonly requests: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly connectFailures: number;
}

export interface ClusterReading {
  readonly cluster: string;
  readonly endpoints: readonly EndpointReading[];
}

/** A cluster's part of the text, unread. */
export interface ClusterText {
  readonly cluster: string;
  readonly text: string;
}

/**
 * Cuts Envoy's `/clusters` (its text form: it costs Envoy's main thread a third of the JSON form) into clusters. Envoy's
 * own clusters are left out, those of gateways are not. Each line is `cluster::key::value` or `cluster::address::key::value`.
 *
 * @param isEnd whether this is the text to its end; else the last cluster may go on, and is the `rest`
 */
export function splitClusters(
  text: string,
  isEnd = true,
): { readonly clusters: readonly ClusterText[]; readonly rest: string } {
  const clusters: ClusterText[] = [];
  let start = 0;
  while (start < text.length) {
    const nameEnd = text.indexOf("::", start);
    if (nameEnd === -1) break;
    const name = text.slice(start, nameEnd);
    const end = endOfCluster(text, start, `\n${name}::`);
    if (end === undefined && !isEnd) break;
    if (parseUpstream(name) !== undefined || gatewayBackend(name) !== undefined)
      clusters.push({ cluster: name, text: text.slice(start, end) });
    start = end ?? text.length;
  }
  return { clusters, rest: text.slice(start) };
}

/** After the last of the lines that begin as the first does: they stand together. Undefined: there may be more of them. */
function endOfCluster(text: string, start: number, next: string): number | undefined {
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd === -1) return undefined;
    if (!text.startsWith(next, lineEnd)) return text.length - lineEnd > next.length ? lineEnd + 1 : undefined;
    at = lineEnd + 1;
  }
}

/** Reads one cluster's lines. Endpoints are in Envoy's order. */
export function readCluster({ cluster, text }: ClusterText): ClusterReading {
  const values = new Map<string, Map<string, string>>();
  for (const line of text.split("\n")) {
    // From the end, because an IPv6 address may hold "::".
    const valueAt = line.lastIndexOf("::");
    const keyAt = line.lastIndexOf("::", valueAt - 1);
    if (keyAt <= cluster.length) continue;
    const key = line.slice(keyAt + 2, valueAt);
    if (!WANTED.has(key)) continue;
    const address = line.slice(cluster.length + 2, keyAt);
    const known = values.get(address);
    if (known === undefined) values.set(address, new Map([[key, line.slice(valueAt + 2)]]));
    else known.set(key, line.slice(valueAt + 2));
  }
  return { cluster, endpoints: [...values].map(([address, of]) => endpoint(address, of)) };
}

const WANTED: ReadonlySet<string> = new Set([
  "cx_active",
  "cx_connect_fail",
  "health_flags",
  "priority",
  "rq_active",
  "rq_error",
  "rq_timeout",
  "rq_total",
  "sub_zone",
  "zone",
]);

function endpoint(address: string, values: ReadonlyMap<string, string>): EndpointReading {
  const number = (key: string) => Number(values.get(key) ?? 0);
  const priority = number("priority");
  const fallback = parseUpstream(values.get("sub_zone") ?? "");
  return {
    address,
    health: healthOf(values.get("health_flags") ?? ""),
    zone: values.get("zone") ?? "",
    ...(priority === 0 ? {} : { priority }),
    ...(fallback === undefined ? {} : { fallback }),
    activeRequests: number("rq_active"),
    activeConnections: number("cx_active"),
    requests: number("rq_total"),
    errors: number("rq_error"),
    timeouts: number("rq_timeout"),
    connectFailures: number("cx_connect_fail"),
  };
}

/** Envoy's health flags, `/failed_active_hc/failed_outlier_check` …, as the one that matters most to a reader. */
export function healthOf(flags: string): EndpointHealth {
  for (const [flag, health] of HEALTH) if (flags.includes(flag)) return health;
  return flags === "healthy" ? "healthy" : "unhealthy";
}

/** The first that is set wins: what takes an endpoint out before what explains it. */
const HEALTH: readonly (readonly [flag: string, health: EndpointHealth])[] = [
  ["eds_status_draining", "draining"],
  ["pending_dynamic_removal", "draining"],
  ["failed_outlier_check", "ejected"],
  // Before its first check is through an endpoint carries both flags.
  ["pending_active_hc", "unknown"],
  ["failed_active_hc", "failing"],
  ["excluded_via_immediate_hc_fail", "failing"],
  ["failed_eds_health", "unhealthy"],
  ["degraded", "degraded"],
];
