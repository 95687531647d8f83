import { busiest } from "./busiest.ts";
import type { CountDelta } from "./counter-ledger.ts";
import { drawn } from "./drawn.ts";
import type { CompiledFilter } from "./filter.ts";
import type { Flow } from "./flows.ts";
import type { InSteps } from "./in-turns.ts";
import type { Hidden } from "./table-rows.ts";
import type { NodeKind, ViewNode } from "./view-node.ts";
import { ViewNodes, type ViewSources } from "./view-nodes.ts";
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

const FLOWS_IN_A_STEP = 256;

/**
 * The tables of totals for one choice of flows, kept up to date: a count touches the rows that it belongs to, a window
 * those that had traffic in it. Subscribers with the same choice share one.
 */
export class View {
  readonly #sources: ViewSources;
  readonly #filter: CompiledFilter;
  readonly #tableRows: number;
  readonly #nodes: ViewNodes;
  /** In the picture, busiest first. */
  #shown: Shown = NOTHING_SHOWN;
  #hidden: Hidden = NOTHING_HIDDEN;
  #active: readonly ViewNode[] = [];
  /** Flows that {@link fill} has been at. */
  #filled = 0;
  #isBegun = false;

  constructor(sources: ViewSources, filter: CompiledFilter, tableRows: number) {
    this.#sources = sources;
    this.#filter = filter;
    this.#tableRows = tableRows;
    this.#nodes = new ViewNodes(sources, filter);
  }

  /** Finds the rows of all flows that have been counted, of some in each step; several may have it done at a time. */
  *fill(): InSteps<void> {
    const { flows, totals } = this.#sources;
    while (this.#filled < flows.all.length) {
      const flow = flows.all[this.#filled++];
      if (flow !== undefined && totals.of(flow.id) !== undefined) this.#nodes.of(flow);
      if (this.#filled % FLOWS_IN_A_STEP === 0) yield "next";
    }
  }

  /** Flows were forgotten: rows that had no other go, and in others is what is counted still. */
  forget(forgotten: readonly (readonly [flow: Flow, into: Flow])[]): void {
    this.#nodes.forget(forgotten);
  }

  /** When it is filled: takes the window as {@link tick} does, but nobody was told anything yet. */
  begin(window: TrafficWindow): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#take(window);
    for (const node of [this.#nodes.total, ...TABLES.flatMap((table): readonly ViewNode[] => this.#shown[table])]) {
      node.isDirty = false;
    }
  }

  /** What the totals were told, after them. */
  apply(deltas: readonly CountDelta[]): void {
    for (const delta of deltas) {
      for (const node of this.#nodes.of(delta.flow) ?? []) node.add(delta);
    }
  }

  /** Takes the window and returns what differs for who saw everything before. */
  tick(window: TrafficWindow, changedClusters: Iterable<string>): TablesDelta {
    for (const cluster of changedClusters) this.#nodes.changedCluster(cluster);
    const before = { shown: this.#shown, hidden: this.#hidden };
    this.#take(window);
    return this.#delta(before);
  }

  #take(window: TrafficWindow): void {
    this.#addWindow(window);
    this.#nodes.addIdleClusters();
    this.#choose();
    this.#addLatencies(window);
  }

  /** Everything in the picture. What it returns gives it as of the last tick when it is asked. */
  *tables(): InSteps<() => Tables> {
    const rowOf = yield* drawn(
      () => TABLES.flatMap((table): readonly ViewNode[] => this.#shown[table]),
      (node) => node.changes,
      (node) => this.#row(node.kind.table as TableName, node as NodeOf<TableName>),
    );
    const rows = <T extends TableName>(table: T): readonly TableRows[T][] =>
      this.#shown[table].map((node) => rowOf(node) as TableRows[T]);
    return () => ({
      totals: this.#nodes.total.totals(),
      envoys: rows("envoys"),
      listeners: rows("listeners"),
      hosts: rows("hosts"),
      routes: rows("routes"),
      owners: rows("owners"),
      clusters: rows("clusters"),
      hidden: this.#hidden,
    });
  }

  #row<T extends TableName>(table: T, node: NodeOf<T>): TableRows[T] {
    return ROW_OF[table](node, this.#sources.board, (envoy) => this.#filter.envoy(envoy));
  }

  #addWindow({ seconds, flows }: TrafficWindow): void {
    for (const node of [...this.#active, this.#nodes.total]) node.beginWindow(seconds);
    const active: ViewNode[] = [];
    for (const [id, { requests, errors, latency }] of flows) {
      const flow = this.#sources.flows.get(id);
      if (flow === undefined) continue;
      for (const node of this.#nodes.of(flow) ?? []) {
        if (!node.isActive) {
          node.beginWindow(seconds);
          active.push(node);
        }
        node.addCounts(requests, errors);
        if (latency.length > 0) node.hasLatency = true;
        if (node.kind.table === "routes" && requests > 0) addUpstream(node.kind.upstreams, flow, requests, errors);
      }
    }
    this.#active = active;
  }

  /** Quantiles are of what is shown alone: a histogram of each row would be most of the work. */
  #addLatencies({ flows }: TrafficWindow): void {
    for (const [id, { latency }] of flows) {
      if (latency.length === 0) continue;
      for (const node of this.#nodes.ofId(id)) if (node.isShown) node.addLatency(latency);
    }
  }

  #delta(before: { readonly shown: Shown; readonly hidden: Hidden }): TablesDelta {
    const delta: { -readonly [K in keyof TablesDelta]: TablesDelta[K] } = {};
    const removed: Partial<Record<TableName, readonly string[]>> = {};
    if (this.#nodes.total.isDirty) delta.totals = this.#nodes.total.totals();
    this.#nodes.total.isDirty = false;
    for (const table of TABLES) {
      const known = new Set<ViewNode>(before.shown[table]);
      Object.assign(delta, this.#changedRows(table, known));
      const gone = [...known].filter((node) => !node.isShown);
      if (gone.length > 0) removed[table] = gone.map(({ key }) => key);
    }
    if (Object.keys(removed).length > 0) delta.removed = removed;
    if (JSON.stringify(before.hidden) !== JSON.stringify(this.#hidden)) delta.hidden = this.#hidden;
    return delta;
  }

  /** The rows that are new in the picture or differ; nothing when there are none. */
  #changedRows<T extends TableName>(table: T, known: ReadonlySet<ViewNode>): { readonly [K in T]?: TableRows[T][] } {
    const rows: TableRows[T][] = [];
    for (const node of this.#shown[table]) {
      if (known.has(node) && !node.isDirty) continue;
      node.isDirty = false;
      rows.push(this.#row(table, node));
    }
    return rows.length === 0 ? {} : ({ [table]: rows } as { readonly [K in T]?: TableRows[T][] });
  }

  /** The busiest rows of each table. */
  #choose(): void {
    this.#shown = {
      envoys: this.#top("envoys", Number.POSITIVE_INFINITY),
      listeners: this.#top("listeners", Number.POSITIVE_INFINITY),
      hosts: this.#top("hosts", this.#tableRows),
      routes: this.#top("routes", this.#tableRows),
      owners: this.#top("owners", this.#tableRows),
      clusters: this.#top("clusters", this.#tableRows),
    };
  }

  #top<T extends TableName>(table: T, most: number): readonly NodeOf<T>[] {
    const before: readonly ViewNode[] = this.#shown[table];
    for (const node of before) node.isShown = false;
    const all = this.#nodes.in(table).filter((node) => this.#isThere(node));
    const shown = busiest(all, most, byTraffic);
    for (const node of shown) node.isShown = true;
    if (table !== "envoys" && table !== "listeners") {
      this.#hidden = { ...this.#hidden, [table]: all.length - shown.length };
    }
    return shown;
  }

  /** An upstream that Envoy no longer has goes with its last traffic. */
  #isThere(node: ViewNode): boolean {
    return node.kind.table !== "clusters" || node.isActive || this.#sources.board.has(node.key);
  }
}

type Shown = { readonly [T in TableName]: readonly NodeOf<T>[] };

const NOTHING_SHOWN: Shown = { envoys: [], listeners: [], hosts: [], routes: [], owners: [], clusters: [] };
const NOTHING_HIDDEN: Record<keyof Hidden, number> = { hosts: 0, routes: 0, owners: 0, clusters: 0 };

type Upstreams = Extract<NodeKind, { readonly table: "routes" }>["upstreams"];

function addUpstream(upstreams: Upstreams, { cluster, upstream }: Flow, requests: number, errors: number): void {
  if (upstream === undefined) return;
  const known = upstreams.get(cluster) ?? { upstream, requests: 0, errors: 0 };
  known.requests += requests;
  known.errors += errors;
  upstreams.set(cluster, known);
}
