import { formatUpstream } from "#api/traffic-filter.ts";
import type { ClusterState, RouteTotals, StreamTotals } from "#traffic/table-rows.ts";

/** The four steps of a request's way. */
export const FLOW_STEPS = ["Listener", "Host and route", "Upstream", "Endpoint"] as const;

export interface FlowNode {
  readonly id: string;
  /** Index in {@link FLOW_STEPS}. */
  readonly step: number;
  readonly label: string;
  /** Below the label. */
  readonly sub: string;
  readonly perSecond: number;
  readonly errorsPerSecond: number;
  /** Things that this node stands for together; 1 but for "others". */
  readonly count: number;
}

export interface FlowLink {
  readonly from: string;
  readonly to: string;
  readonly perSecond: number;
  readonly errorsPerSecond: number;
}

export interface FlowGraph {
  readonly nodes: readonly FlowNode[];
  readonly links: readonly FlowLink[];
}

/** Nodes that can be told apart in a step; the rest become one node "others". */
const MOST = [4, 8, 8, 12] as const;
/** A step's pseudo node for requests that the appliance answered by itself. */
const ANSWERED = "answered here";
/** And for connections that have nowhere to go. */
const NOWHERE = "closed";

/**
 * Listener → host and route → upstream → endpoint, of what flows now; for TCP and UDP the connections, past a node that has the
 * protocol's name. Sorted by name, so that nothing changes places.
 */
export function flowGraph(
  routes: readonly RouteTotals[],
  clusters: readonly ClusterState[],
  streams: readonly StreamTotals[] = [],
  /** Nodes of a step that there is room for. */
  fits: number = Number.POSITIVE_INFINITY,
): FlowGraph {
  const draft = new Draft();
  for (const { key, listener, host, route, rates, upstreams, owner } of routes) {
    const { perSecond, errorsPerSecond } = rates;
    if (perSecond === 0) continue;
    const listenerId = draft.node(0, listener, listener, "");
    const routeId = draft.node(
      1,
      key,
      host === "" ? "no host" : host,
      route === "" ? "no route" : routeWords(route, owner?.namespace),
    );
    draft.link(listenerId, routeId, perSecond, errorsPerSecond);
    let left = perSecond;
    let errorsLeft = errorsPerSecond;
    for (const { upstream, perSecond: sent, errorsPerSecond: failed } of upstreams) {
      const upstreamId = draft.node(2, formatUpstream(upstream), upstream.service, upstream.namespace);
      draft.link(routeId, upstreamId, sent, failed);
      left -= sent;
      errorsLeft -= failed;
    }
    if (left > perSecond * 0.01) {
      const here = draft.node(2, ANSWERED, ANSWERED, "redirects and direct answers");
      draft.link(routeId, here, left, Math.max(0, errorsLeft));
    }
  }
  for (const { key, protocol, upstreams, perSecond, failedPerSecond } of streams) {
    if (perSecond === 0) continue;
    const failed = Math.min(perSecond, failedPerSecond);
    const listenerId = draft.node(0, key, key, "connections");
    const throughId = draft.node(1, `${protocol} ${key}`, protocol.toUpperCase(), "forwarded as they come");
    draft.link(listenerId, throughId, perSecond, failed);
    if (upstreams.length === 0)
      draft.link(throughId, draft.node(2, NOWHERE, NOWHERE, "the Service is not there"), perSecond, failed);
    for (const { upstream, share } of upstreams) {
      if (share === 0) continue;
      const upstreamId = draft.node(2, formatUpstream(upstream), upstream.service, upstream.namespace);
      draft.link(throughId, upstreamId, perSecond * share, failed * share);
    }
  }
  for (const { upstream, endpoints } of clusters) {
    const upstreamId = draft.idOf(2, formatUpstream(upstream));
    if (upstreamId === undefined) continue;
    for (const { address, fallback, perSecond, errorsPerSecond } of endpoints) {
      if (perSecond === 0) continue;
      const of = fallback === undefined ? "" : formatUpstream(fallback);
      const endpointId = draft.node(3, `${formatUpstream(upstream)} ${address}`, address, of);
      draft.link(upstreamId, endpointId, perSecond, Math.min(perSecond, errorsPerSecond));
    }
  }
  return draft.graph(fits);
}

/** A route's name often begins with what its object's line says already. */
function routeWords(route: string, namespace: string | undefined): string {
  return namespace !== undefined && route.startsWith(`${namespace}/`) ? route.slice(namespace.length + 1) : route;
}

class Draft {
  readonly #nodes = new Map<string, Pick<FlowNode, "id" | "step" | "label" | "sub">>();
  readonly #links = new Map<string, FlowLink>();

  node(step: number, key: string, label: string, sub: string): string {
    const id = `${step} ${key}`;
    if (!this.#nodes.has(id)) this.#nodes.set(id, { id, step, label, sub });
    return id;
  }

  idOf(step: number, key: string): string | undefined {
    const id = `${step} ${key}`;
    return this.#nodes.has(id) ? id : undefined;
  }

  link(from: string, to: string, perSecond: number, errorsPerSecond: number): void {
    addTo(this.#links, from, to, perSecond, errorsPerSecond);
  }

  graph(fits: number): FlowGraph {
    const flows = this.#flows(this.#links);
    const stands = new Map<string, string>();
    const nodes: FlowNode[] = [];
    for (const step of FLOW_STEPS.keys()) {
      const own = [...this.#nodes.values()].filter((node) => node.step === step);
      const most = Math.min(MOST[step] ?? 8, fits);
      const busiest = new Set(
        own
          .toSorted((a, b) => rateOf(flows, b.id) - rateOf(flows, a.id))
          .slice(0, own.length > most ? most - 1 : most)
          .map(({ id }) => id),
      );
      const others = own.filter(({ id }) => !busiest.has(id));
      const othersId = `${step} others`;
      for (const { id } of others) stands.set(id, othersId);
      for (const node of own) if (busiest.has(node.id)) nodes.push({ ...node, ...flowOf(flows, [node.id]), count: 1 });
      if (others.length > 0) {
        const ids = others.map(({ id }) => id);
        nodes.push({
          id: othersId,
          step,
          label: `${others.length} others`,
          sub: "",
          ...flowOf(flows, ids),
          count: others.length,
        });
      }
    }
    const links = new Map<string, FlowLink>();
    for (const { from, to, perSecond, errorsPerSecond } of this.#links.values()) {
      addTo(links, stands.get(from) ?? from, stands.get(to) ?? to, perSecond, errorsPerSecond);
    }
    return { nodes: nodes.sort(byPlace), links: [...links.values()] };
  }

  /** What flows through a node: into it, or out of it at the first step. */
  #flows(links: ReadonlyMap<string, FlowLink>): Map<string, { perSecond: number; errorsPerSecond: number }> {
    const flows = new Map<string, { perSecond: number; errorsPerSecond: number }>();
    for (const { from, to, perSecond, errorsPerSecond } of links.values()) {
      for (const id of from.startsWith("0 ") ? [from, to] : [to]) {
        const flow = flows.get(id) ?? { perSecond: 0, errorsPerSecond: 0 };
        flows.set(id, {
          perSecond: flow.perSecond + perSecond,
          errorsPerSecond: flow.errorsPerSecond + errorsPerSecond,
        });
      }
    }
    return flows;
  }
}

function addTo(
  links: Map<string, FlowLink>,
  from: string,
  to: string,
  perSecond: number,
  errorsPerSecond: number,
): void {
  const key = `${from}\n${to}`;
  const known = links.get(key);
  links.set(key, {
    from,
    to,
    perSecond: (known?.perSecond ?? 0) + perSecond,
    errorsPerSecond: (known?.errorsPerSecond ?? 0) + errorsPerSecond,
  });
}

type Flows = ReadonlyMap<string, { readonly perSecond: number; readonly errorsPerSecond: number }>;

function rateOf(flows: Flows, id: string): number {
  return flows.get(id)?.perSecond ?? 0;
}

function flowOf(flows: Flows, ids: readonly string[]): { perSecond: number; errorsPerSecond: number } {
  const sum = (of: "perSecond" | "errorsPerSecond"): number =>
    ids.reduce((total, id) => total + (flows.get(id)?.[of] ?? 0), 0);
  return { perSecond: sum("perSecond"), errorsPerSecond: sum("errorsPerSecond") };
}

/** By step, then by name; what stands for several comes last. */
function byPlace(a: FlowNode, b: FlowNode): number {
  const last = (node: FlowNode): number => Number(node.count > 1 || node.label === ANSWERED);
  return a.step - b.step || last(a) - last(b) || (a.id < b.id ? -1 : 1);
}
