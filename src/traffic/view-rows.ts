import { compareText } from "#lib/compare.ts";
import type { EndpointBoard } from "./endpoint-board.ts";
import { isHealthy } from "./failure-facts.ts";
import type {
  ClusterState,
  EnvoyTotals,
  Hidden,
  HostTotals,
  ListenerTotals,
  OwnerTotals,
  Removed,
  RouteTotals,
  Totals,
} from "./table-rows.ts";
import { sentTo } from "./taken-over.ts";
import type { NodeKind, ViewNode } from "./view-node.ts";

/** The rows of each table. */
export interface TableRows {
  readonly envoys: EnvoyTotals;
  readonly listeners: ListenerTotals;
  readonly hosts: HostTotals;
  readonly routes: RouteTotals;
  readonly owners: OwnerTotals;
  readonly clusters: ClusterState;
}
export const TABLES = [
  "envoys",
  "listeners",
  "hosts",
  "routes",
  "owners",
  "clusters",
] as const satisfies (keyof TableRows)[];
export type TableName = (typeof TABLES)[number];

/** All tables as they are. */
export type Tables = { readonly [T in TableName]: readonly TableRows[T][] } & {
  readonly totals: Totals;
  readonly hidden: Hidden;
};

/** What changed in the tables since the last time. */
export type TablesDelta = { readonly [T in TableName]?: readonly TableRows[T][] | undefined } & {
  readonly totals?: Totals | undefined;
  readonly removed?: Removed | undefined;
  readonly hidden?: Hidden | undefined;
};

export type NodeOf<T extends TableName> = ViewNode<Extract<NodeKind, { readonly table: T }>>;

/** `sees`: which Envoys' word on endpoints is meant. */
type RowOf<T extends TableName> = (
  node: NodeOf<T>,
  board: EndpointBoard,
  sees: (envoy: string) => boolean,
) => TableRows[T];

export const ROW_OF: { readonly [T in TableName]: RowOf<T> } = {
  envoys: (node) => ({ key: node.key, ...node.totals() }),
  listeners: (node) => ({ key: node.key, ...node.totals() }),
  hosts: (node) => ({
    key: node.key,
    ...node.totals(),
    namespaces: [...node.kind.namespaces].sort(compareText),
  }),
  owners: (node) => ({ key: node.key, ...node.totals(), owner: node.kind.owner }),
  routes: (node) => {
    const { listener, host, route, owner, upstreams } = node.kind;
    const shares = [...upstreams].sort(([a, of], [b, other]) => other.requests - of.requests || compareText(a, b));
    return {
      key: node.key,
      ...node.totals(),
      listener,
      host,
      route,
      ...(owner === undefined ? {} : { owner }),
      upstreams: shares.map(([, { upstream, requests, errors }]) => ({
        upstream,
        perSecond: node.perSecond(requests),
        errorsPerSecond: node.perSecond(errors),
      })),
    };
  },
  clusters: (node, board, sees) => {
    const endpoints = board.endpoints(node.key, sees);
    const seenBy = board.seenBy(node.key, sees);
    const sent = sentTo(node.kind.upstream, endpoints);
    const healthy = endpoints.filter(({ health }) => isHealthy(health)).length;
    return {
      key: node.key,
      ...node.totals(),
      upstream: node.kind.upstream,
      endpoints,
      ...(sent === undefined ? {} : { sentTo: sent }),
      healthy,
      ...(seenBy.length > 1 || endpoints.length === 0 ? { seenBy } : {}),
    };
  },
};

/** Busiest first; of equally busy ones those with the most requests ever; then by name. */
export function byTraffic(a: ViewNode, b: ViewNode): number {
  return b.requests - a.requests || b.ever - a.ever || compareText(a.key, b.key);
}
