import type { TrafficFilter } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { CodeClass, Upstream } from "#traffic/table-rows.ts";

export function classOf(code: number): CodeClass {
  return (["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"] as const)[Math.floor(code / 100)] ?? "0xx";
}

export function sameUpstream(a: Upstream, b: Upstream): boolean {
  return a.backend === b.backend && a.namespace === b.namespace && a.service === b.service && a.port === b.port;
}

/** The fields of a filter that narrow totals, too. */
export type Place = Pick<RequestRow, "host" | "route" | "owner" | "upstream">;

export function placePasses(place: Place, filter: TrafficFilter): boolean {
  const { owner, upstream } = place;
  return (
    anyOf(
      filter.hosts,
      (host) => host === place.host || (host.startsWith("*.") && place.host.endsWith(host.slice(1))),
    ) &&
    anyOf(filter.routes, (route) => route === place.route) &&
    anyOf(filter.namespaces, (namespace) => namespace === owner?.namespace) &&
    anyOf(
      filter.owners,
      ({ kind, namespace, name }) => kind === owner?.kind && namespace === owner.namespace && name === owner.name,
    ) &&
    anyOf(filter.clusters, (cluster) => upstream !== undefined && sameUpstream(cluster, upstream))
  );
}

export function rowPasses(row: RequestRow, filter: TrafficFilter): boolean {
  return (
    placePasses(row, filter) &&
    anyOf(filter.envoys, (envoy) => envoy === row.envoy) &&
    anyOf(filter.endpoints, (endpoint) => endpoint === row.endpoint) &&
    anyOf(filter.clients, (client) => client === row.client) &&
    anyOf(filter.methods, (method) => method === row.method) &&
    row.path.startsWith(filter.pathPrefix ?? "") &&
    row.path.includes(filter.pathContains ?? "") &&
    anyOf(filter.codes, (code) => (typeof code === "number" ? code === row.code : code === classOf(row.code))) &&
    anyOf(filter.flags, (flag) => row.flags.includes(flag)) &&
    row.duration >= (filter.slowerThan ?? 0) &&
    anyOf(filter.kept, (kept) => kept === row.kept) &&
    (filter.requestId === undefined || filter.requestId === row.requestId)
  );
}

function anyOf<T>(values: readonly T[] | undefined, accepts: (value: T) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(accepts);
}
