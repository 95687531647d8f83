import type { DeltaMessage, Marker, Pin, SamplingState, SnapshotMessage, TrafficFilter } from "#traffic/messages.ts";
import type { Talkers } from "#traffic/request-shown.ts";
import type {
  ClusterState,
  Column,
  EnvoyTotals,
  Hidden,
  RouteTotals,
  StreamTotals,
  Totals,
} from "#traffic/table-rows.ts";
import { RateHistory } from "./rate-history.ts";

/** The traffic at one moment: it does not change any more, so a view that is paused just keeps it. */
export interface TrafficPicture {
  readonly time: number;
  readonly filter: TrafficFilter;
  readonly totals: Totals;
  readonly envoys: readonly EnvoyTotals[];
  readonly routes: readonly RouteTotals[];
  readonly clusters: readonly ClusterState[];
  readonly streams: readonly StreamTotals[];
  readonly hidden: Hidden;
  /** Oldest first, one a second. */
  readonly columns: readonly Column[];
  /** Oldest first. */
  readonly markers: readonly Marker[];
  readonly talkers: Talkers;
  readonly sampling: SamplingState;
  readonly pins: readonly Pin[];
  readonly dropped: { readonly rows: number; readonly frames: number };
  /** Requests a second of each route, by key, one value a second, oldest first. */
  readonly routeRates: ReadonlyMap<string, readonly number[]>;
}

/** Seconds of columns, and markers, that are kept. */
const MOST_COLUMNS = 900;
const MOST_MARKERS = 200;

/** Puts snapshot and deltas together. Knows nothing of requests: see RequestLog. */
export class TrafficModel {
  #snapshot: SnapshotMessage | undefined;
  readonly #envoys = new Map<string, EnvoyTotals>();
  readonly #routes = new Map<string, RouteTotals>();
  readonly #clusters = new Map<string, ClusterState>();
  readonly #rates = new RateHistory();
  #columns: Column[] = [];
  #markers: Marker[] = [];

  /** The first picture, or one after a gap: everything is replaced but what was observed here. */
  replace(message: SnapshotMessage): void {
    this.#snapshot = message;
    replaceAll(this.#envoys, message.envoys);
    replaceAll(this.#routes, message.routes);
    replaceAll(this.#clusters, message.clusters);
    this.#columns = message.columns.slice(-MOST_COLUMNS);
    this.#markers = message.markers.slice(-MOST_MARKERS);
    this.#rates.observe(message.time, this.#routes.values());
  }

  /** What changed. Without a snapshot before it, it means nothing and is left out. */
  apply(message: DeltaMessage): void {
    const { totals, streams, hidden, talkers, sampling, pins, dropped, time, removed } = message;
    if (this.#snapshot === undefined) return;
    this.#snapshot = {
      ...this.#snapshot,
      time,
      dropped,
      totals: totals ?? this.#snapshot.totals,
      streams: streams ?? this.#snapshot.streams,
      hidden: hidden ?? this.#snapshot.hidden,
      talkers: talkers ?? this.#snapshot.talkers,
      sampling: sampling ?? this.#snapshot.sampling,
      pins: pins ?? this.#snapshot.pins,
    };
    update(this.#envoys, message.envoys, removed?.envoys);
    update(this.#routes, message.routes, removed?.routes);
    update(this.#clusters, message.clusters, removed?.clusters);
    for (const column of message.columns ?? []) this.#addColumn(column);
    if (message.markers !== undefined) this.#markers = [...this.#markers, ...message.markers].slice(-MOST_MARKERS);
    this.#rates.observe(time, this.#routes.values());
  }

  /** Undefined before the first snapshot. */
  picture(): TrafficPicture | undefined {
    if (this.#snapshot === undefined) return undefined;
    const { time, filter, totals, streams, hidden, talkers, sampling, pins, dropped } = this.#snapshot;
    return {
      time,
      filter,
      totals,
      streams,
      hidden,
      talkers,
      sampling,
      pins,
      dropped,
      envoys: [...this.#envoys.values()],
      routes: [...this.#routes.values()],
      clusters: [...this.#clusters.values()],
      columns: [...this.#columns],
      markers: this.#markers,
      routeRates: this.#rates.values(),
    };
  }

  #addColumn(column: Column): void {
    const known = this.#columns.findLastIndex(({ time }) => time <= column.time);
    if (this.#columns[known]?.time === column.time) this.#columns[known] = column;
    else this.#columns.splice(known + 1, 0, column);
    if (this.#columns.length > MOST_COLUMNS) this.#columns.shift();
  }
}

function replaceAll<T extends { readonly key: string }>(map: Map<string, T>, rows: readonly T[]): void {
  map.clear();
  for (const row of rows) map.set(row.key, row);
}

function update<T extends { readonly key: string }>(
  map: Map<string, T>,
  rows: readonly T[] = [],
  removed: readonly string[] = [],
): void {
  for (const key of removed) map.delete(key);
  for (const row of rows) map.set(row.key, row);
}
