import type { FlowTotals } from "./counts.ts";
import type { EndpointBoard } from "./endpoint-board.ts";
import type { CompiledFilter } from "./filter.ts";
import type { Flow, FlowTable } from "./flows.ts";
import { parseUpstream } from "./upstream.ts";
import { ViewNode } from "./view-node.ts";
import type { NodeOf, TableName } from "./view-rows.ts";

export interface ViewSources {
  readonly flows: FlowTable;
  readonly totals: FlowTotals;
  readonly board: EndpointBoard;
}

type NodeMaps = { readonly [T in TableName]: Map<string, NodeOf<T>> };

/** The rows that a view has, in the picture or not: of each flow that passes its filter, and of upstreams without traffic. */
export class ViewNodes {
  readonly total: ViewNode;
  readonly #totals: FlowTotals;
  readonly #board: EndpointBoard;
  readonly #filter: CompiledFilter;
  readonly #nodes: NodeMaps = {
    envoys: new Map(),
    listeners: new Map(),
    hosts: new Map(),
    routes: new Map(),
    owners: new Map(),
    clusters: new Map(),
  };
  /** The rows of a flow; undefined for one that does not pass. */
  readonly #nodesOf = new Map<number, readonly ViewNode[] | undefined>();
  /** Clusters that were looked at for being shown without traffic. */
  readonly #looked = new Set<string>();

  constructor({ totals, board }: ViewSources, filter: CompiledFilter) {
    this.#totals = totals;
    this.#board = board;
    this.#filter = filter;
    this.total = new ViewNode("", { table: "totals" }, totals);
    this.total.isShown = true;
  }

  in<T extends TableName>(table: T): readonly NodeOf<T>[] {
    const nodes: ReadonlyMap<string, NodeOf<T>> = this.#nodes[table];
    return [...nodes.values()];
  }

  /** Those of a flow, made where they are not there yet; undefined for one that does not pass. */
  of(flow: Flow): readonly ViewNode[] | undefined {
    const known = this.#nodesOf.get(flow.id);
    if (known !== undefined || this.#nodesOf.has(flow.id)) return known;
    const nodes = this.#filter.flow(flow) ? this.#make(flow) : undefined;
    for (const node of nodes ?? []) node.addFlow(flow.id);
    this.#nodesOf.set(flow.id, nodes);
    return nodes;
  }

  /** Those of a flow that {@link of} was asked for. */
  ofId(flow: number): readonly ViewNode[] {
    return this.#nodesOf.get(flow) ?? [];
  }

  /** Flows were forgotten: rows that had no other go, and in others is what is counted still. */
  forget(forgotten: readonly (readonly [flow: Flow, into: Flow])[]): void {
    const ids = new Set(forgotten.map(([{ id }]) => id));
    const touched = new Set([...ids].flatMap((id) => this.#nodesOf.get(id) ?? []));
    for (const id of ids) this.#nodesOf.delete(id);
    for (const node of touched) node.removeFlows(ids);
    for (const into of new Set(forgotten.map(([, flow]) => flow)))
      for (const node of this.of(into) ?? []) node.recount();
    // Only now: an Envoy's and a listener's rows go on with what was forgotten of them.
    for (const node of touched) this.#leave(node);
  }

  /** Of an upstream the endpoints are others, or it is no more. */
  changedCluster(cluster: string): void {
    const node = this.#nodes.clusters.get(cluster);
    if (node === undefined) return;
    node.touch();
    this.#leave(node);
  }

  /** Upstreams without requests are shown for their health. */
  addIdleClusters(): void {
    for (const cluster of this.#board.names()) {
      if (this.#looked.has(cluster)) continue;
      this.#looked.add(cluster);
      const upstream = parseUpstream(cluster);
      if (upstream === undefined || !this.#filter.idleUpstream(upstream)) continue;
      this.#node("clusters", cluster, () => ({ table: "clusters", upstream }));
    }
  }

  /** Takes a row away that stands for nothing any more. */
  #leave({ kind: { table }, key, hasFlows }: ViewNode): void {
    if (table === "totals" || hasFlows || (table === "clusters" && this.#board.has(key))) return;
    this.#nodes[table].delete(key);
    this.#looked.delete(key);
  }

  #make({ envoy, listener, host, route, routeKey, owner, cluster, upstream, isPast }: Flow): readonly ViewNode[] {
    const server: readonly ViewNode[] = [
      this.total,
      this.#node("listeners", listener, () => ({ table: "listeners" })),
      // What was forgotten of Envoys that are no more is nobody's.
      ...(envoy === "" && isPast ? [] : [this.#node("envoys", envoy, () => ({ table: "envoys" }))]),
    ];
    if (isPast) return server;
    const hostNode = this.#node("hosts", host, () => ({ table: "hosts", namespaces: new Set() }));
    if (owner !== undefined) hostNode.kind.namespaces.add(owner.namespace);
    const nodes: ViewNode[] = [
      ...server,
      hostNode,
      this.#node("routes", routeKey, () => ({ table: "routes", listener, host, route, owner, upstreams: new Map() })),
    ];
    if (owner !== undefined) {
      const key = `${owner.kind}/${owner.namespace}/${owner.name}`;
      nodes.push(this.#node("owners", key, () => ({ table: "owners", owner })));
    }
    if (upstream !== undefined && this.#filter.upstream(upstream)) {
      nodes.push(this.#node("clusters", cluster, () => ({ table: "clusters", upstream })));
    }
    return nodes;
  }

  #node<T extends TableName>(table: T, key: string, kind: () => NodeOf<T>["kind"]): NodeOf<T> {
    const nodes = this.#nodes[table] as Map<string, NodeOf<T>>;
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const node = new ViewNode(key, kind(), this.#totals) as NodeOf<T>;
    nodes.set(key, node);
    return node;
  }
}
