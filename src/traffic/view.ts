import type { CountDelta } from "./counter-ledger.ts";
import type { FlowTotals } from "./counts.ts";
import type { EndpointBoard } from "./endpoint-board.ts";
import type { CompiledFilter } from "./filter.ts";
import type { Flow, FlowTable } from "./flows.ts";
import type { Hidden } from "./table-rows.ts";
import { type NodeKind, ViewNode } from "./view-node.ts";
import {
  byTraffic,
  type NodeOf,
  ROW_OF,
  TABLES,
  type TableName,
  type TableRows,
  type Tables,
  type TablesDelta,
} from "./view-rows.ts";
import type { TrafficWindow } from "./window.ts";

export interface ViewSources {
  readonly flows: FlowTable;
  readonly totals: FlowTotals;
  readonly board: EndpointBoard;
}

type NodeMaps = { readonly [T in TableName]: Map<string, NodeOf<T>> };

/**
 * The tables of totals for one choice of flows, kept up to date: a count touches the rows that it belongs to, a window
 * those that had traffic in it. Subscribers with the same choice share one.
 */
export class View {
  readonly #sources: ViewSources;
  readonly #filter: CompiledFilter;
  readonly #tableRows: number;
  readonly #total = new ViewNode("", { table: "totals" });
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
  /** Keys that are in the picture. */
  #shown: { readonly [T in TableName]: ReadonlySet<string> } = NOTHING_SHOWN;
  #hidden: Hidden = NOTHING_HIDDEN;
  #active: readonly ViewNode[] = [];

  constructor(sources: ViewSources, filter: CompiledFilter, tableRows: number) {
    this.#sources = sources;
    this.#filter = filter;
    this.#tableRows = tableRows;
    for (const [id, sum] of sources.totals.entries()) {
      const flow = sources.flows.get(id);
      if (flow !== undefined) for (const node of this.#find(flow) ?? []) node.sum.addAll(sum);
    }
  }

  apply(deltas: readonly CountDelta[]): void {
    for (const delta of deltas) {
      for (const node of this.#find(delta.flow) ?? []) {
        node.sum.add(delta);
        node.isDirty = true;
      }
    }
  }

  /** Takes the window and returns what differs for who saw everything before. */
  tick(window: TrafficWindow, changedClusters: Iterable<string>): TablesDelta {
    this.#addWindow(window);
    for (const cluster of changedClusters) {
      const node = this.#nodes.clusters.get(cluster);
      if (node !== undefined) node.isDirty = true;
    }
    this.#addIdleClusters();
    return this.#delta();
  }

  /** Everything in the picture as of the last tick. */
  tables(): Tables {
    return {
      totals: this.#total.totals(),
      envoys: this.#rows("envoys"),
      listeners: this.#rows("listeners"),
      hosts: this.#rows("hosts"),
      routes: this.#rows("routes"),
      owners: this.#rows("owners"),
      clusters: this.#rows("clusters"),
      hidden: this.#hidden,
    };
  }

  #rows<T extends TableName>(table: T): readonly TableRows[T][] {
    const nodes: ReadonlyMap<string, NodeOf<T>> = this.#nodes[table];
    return [...this.#shown[table]].flatMap((key) => {
      const node = nodes.get(key);
      return node === undefined ? [] : [this.#row(table, node)];
    });
  }

  #row<T extends TableName>(table: T, node: NodeOf<T>): TableRows[T] {
    return ROW_OF[table](node, this.#sources.board, (envoy) => this.#filter.envoy(envoy));
  }

  #addWindow(window: TrafficWindow): void {
    for (const node of [...this.#active, this.#total]) node.beginWindow(window.seconds);
    const active = new Set<ViewNode>();
    for (const [id, { requests, errors }] of window.counts) {
      const flow = this.#sources.flows.get(id);
      if (flow === undefined) continue;
      for (const node of this.#find(flow) ?? []) {
        if (!active.has(node)) node.beginWindow(window.seconds);
        active.add(node);
        node.addCounts(requests, errors);
        if (node.kind.table === "routes") addUpstream(node.kind.upstreams, flow, requests, errors);
      }
    }
    window.eachLatency((id, bucket, weight) => {
      const flow = this.#sources.flows.get(id);
      if (flow === undefined) return;
      for (const node of this.#find(flow) ?? []) {
        if (!active.has(node)) node.beginWindow(window.seconds);
        active.add(node);
        node.addLatency(bucket, weight);
      }
    });
    this.#active = [...active];
  }

  /** Upstreams without requests are shown for their health. */
  #addIdleClusters(): void {
    const nodes = this.#nodes.clusters;
    for (const { cluster, upstream } of this.#sources.board.clusters()) {
      if (nodes.has(cluster) || !this.#filter.idleUpstream(upstream)) continue;
      nodes.set(cluster, new ViewNode(cluster, { table: "clusters", upstream }));
    }
  }

  #delta(): TablesDelta {
    const before = { shown: this.#shown, hidden: this.#hidden };
    this.#choose();
    const delta: { -readonly [K in keyof TablesDelta]: TablesDelta[K] } = {};
    const removed: Partial<Record<TableName, readonly string[]>> = {};
    if (this.#total.isDirty) delta.totals = this.#total.totals();
    this.#total.isDirty = false;
    for (const table of TABLES) {
      Object.assign(delta, this.#changedRows(table, before.shown[table]));
      const gone = [...before.shown[table]].filter((key) => !this.#shown[table].has(key));
      if (gone.length > 0) removed[table] = gone;
    }
    if (Object.keys(removed).length > 0) delta.removed = removed;
    if (JSON.stringify(before.hidden) !== JSON.stringify(this.#hidden)) delta.hidden = this.#hidden;
    return delta;
  }

  /** The rows that are new in the picture or differ; nothing when there are none. */
  #changedRows<T extends TableName>(table: T, before: ReadonlySet<string>): { readonly [K in T]?: TableRows[T][] } {
    const nodes: ReadonlyMap<string, NodeOf<T>> = this.#nodes[table];
    const rows: TableRows[T][] = [];
    for (const key of this.#shown[table]) {
      const node = nodes.get(key);
      if (node === undefined || (before.has(key) && !node.isDirty)) continue;
      node.isDirty = false;
      rows.push(this.#row(table, node));
    }
    return rows.length === 0 ? {} : ({ [table]: rows } as { readonly [K in T]?: TableRows[T][] });
  }

  /** The busiest rows of each table. */
  #choose(): void {
    const shown = { ...NOTHING_SHOWN };
    const counts = { ...NOTHING_HIDDEN };
    for (const table of TABLES) {
      const all = [...this.#nodes[table].values()].filter((node) => this.#isThere(node)).sort(byTraffic);
      const isShort = table === "envoys" || table === "listeners";
      const most = isShort ? all.length : this.#tableRows;
      shown[table] = new Set(all.slice(0, most).map(({ key }) => key));
      if (!isShort) counts[table] = Math.max(0, all.length - most);
    }
    this.#shown = shown;
    this.#hidden = counts;
  }

  /** An upstream that Envoy no longer has goes with its last traffic. */
  #isThere(node: ViewNode): boolean {
    return node.kind.table !== "clusters" || node.isActive || this.#sources.board.has(node.key);
  }

  #find(flow: Flow): readonly ViewNode[] | undefined {
    if (this.#nodesOf.has(flow.id)) return this.#nodesOf.get(flow.id);
    const nodes = this.#filter.flow(flow) ? this.#make(flow) : undefined;
    this.#nodesOf.set(flow.id, nodes);
    return nodes;
  }

  #make({ envoy, listener, host, route, routeKey, owner, cluster, upstream }: Flow): readonly ViewNode[] {
    const hostNode = this.#node("hosts", host, () => ({ table: "hosts", namespaces: new Set() }));
    if (owner !== undefined) hostNode.kind.namespaces.add(owner.namespace);
    const nodes: ViewNode[] = [
      this.#total,
      hostNode,
      this.#node("envoys", envoy, () => ({ table: "envoys" })),
      this.#node("listeners", listener, () => ({ table: "listeners" })),
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
    const node = new ViewNode(key, kind()) as NodeOf<T>;
    nodes.set(key, node);
    return node;
  }
}

const NOTHING_SHOWN: Record<TableName, ReadonlySet<string>> = {
  envoys: new Set(),
  listeners: new Set(),
  hosts: new Set(),
  routes: new Set(),
  owners: new Set(),
  clusters: new Set(),
};
const NOTHING_HIDDEN: Record<keyof Hidden, number> = { hosts: 0, routes: 0, owners: 0, clusters: 0 };

type Upstreams = Extract<NodeKind, { readonly table: "routes" }>["upstreams"];

function addUpstream(upstreams: Upstreams, { cluster, upstream }: Flow, requests: number, errors: number): void {
  if (upstream === undefined) return;
  const known = upstreams.get(cluster) ?? { upstream, requests: 0, errors: 0 };
  known.requests += requests;
  known.errors += errors;
  upstreams.set(cluster, known);
}
