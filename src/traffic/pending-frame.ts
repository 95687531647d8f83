import type { DeltaMessage, Marker, Pin, SamplingState } from "./messages.ts";
import type { RequestRow, Talkers } from "./request-shown.ts";
import type { Column, Removed, StreamTotals } from "./table-rows.ts";
import { TABLES, type TableName, type TableRows, type TablesDelta } from "./view-rows.ts";

type RowMaps = { readonly [T in TableName]: Map<string, TableRows[T]> };
type DeltaBody = Omit<DeltaMessage, "type" | "sequence" | "time" | "dropped" | "lag">;

/** Columns that wait for a slow socket; what is older is in `history`. */
const MOST_COLUMNS = 900;
const MOST_MARKERS = 500;

/**
 * What a socket has not been told yet. It is put together rather than queued: of a row only its last state matters, so a
 * slow reader costs no memory and gets the right picture with its next frame. Only request rows are lost, and counted.
 */
export class PendingFrame {
  readonly #rows: RowMaps = {
    envoys: new Map(),
    listeners: new Map(),
    hosts: new Map(),
    routes: new Map(),
    owners: new Map(),
    clusters: new Map(),
  };
  readonly #removed: { readonly [T in TableName]: Set<string> } = {
    envoys: new Set(),
    listeners: new Set(),
    hosts: new Set(),
    routes: new Set(),
    owners: new Set(),
    clusters: new Set(),
  };
  readonly #columns = new Map<number, Column>();
  #totals: TablesDelta["totals"];
  #hidden: TablesDelta["hidden"];
  #requests: RequestRow[] = [];
  #talkers: Talkers | undefined;
  #streams: readonly StreamTotals[] | undefined;
  #sampling: SamplingState | undefined;
  #markers: Marker[] = [];
  #pins: readonly Pin[] | undefined;
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  addTables(delta: TablesDelta): void {
    for (const table of TABLES) {
      this.#addRows(table, delta[table] ?? []);
      for (const key of delta.removed?.[table] ?? []) {
        this.#rows[table].delete(key);
        this.#removed[table].add(key);
      }
    }
    this.#totals = delta.totals ?? this.#totals;
    this.#hidden = delta.hidden ?? this.#hidden;
    if (Object.values(delta).some((part) => part !== undefined)) this.#isEmpty = false;
  }

  #addRows<T extends TableName>(table: T, rows: readonly TableRows[T][]): void {
    const known: Map<string, TableRows[T]> = this.#rows[table];
    for (const row of rows) {
      known.set(row.key, row);
      this.#removed[table].delete(row.key);
    }
  }

  addColumns(columns: readonly Column[]): void {
    for (const column of columns) {
      this.#columns.delete(column.time);
      this.#columns.set(column.time, column);
      this.#isEmpty = false;
    }
    for (const time of this.#columns.keys()) {
      if (this.#columns.size <= MOST_COLUMNS) break;
      this.#columns.delete(time);
    }
  }

  /** Returns how many rows had to go to keep at most `most`: the oldest. */
  addRequest(row: RequestRow, most: number): number {
    this.#requests.push(row);
    this.#isEmpty = false;
    return this.keepRequests(most);
  }

  keepRequests(most: number): number {
    const dropped = Math.max(0, this.#requests.length - most);
    if (dropped > 0) this.#requests = this.#requests.slice(dropped);
    return dropped;
  }

  setTalkers(talkers: Talkers): void {
    this.#talkers = talkers;
    this.#isEmpty = false;
  }

  setStreams(streams: readonly StreamTotals[]): void {
    this.#streams = streams;
    this.#isEmpty = false;
  }

  setSampling(sampling: SamplingState): void {
    this.#sampling = sampling;
    this.#isEmpty = false;
  }

  addMarker(marker: Marker): void {
    this.#markers = [...this.#markers, marker].slice(-MOST_MARKERS);
    this.#isEmpty = false;
  }

  setPins(pins: readonly Pin[]): void {
    this.#pins = pins;
    this.#isEmpty = false;
  }

  /** Members without change are left out. */
  body(): DeltaBody {
    const columns = [...this.#columns.values()].sort((a, b) => a.time - b.time);
    return {
      ...(this.#totals === undefined ? {} : { totals: this.#totals }),
      ...this.#tables(),
      ...(this.#hidden === undefined ? {} : { hidden: this.#hidden }),
      ...(columns.length === 0 ? {} : { columns }),
      ...(this.#requests.length === 0 ? {} : { requests: this.#requests }),
      ...(this.#streams === undefined ? {} : { streams: this.#streams }),
      ...(this.#talkers === undefined ? {} : { talkers: this.#talkers }),
      ...(this.#sampling === undefined ? {} : { sampling: this.#sampling }),
      ...(this.#markers.length === 0 ? {} : { markers: this.#markers }),
      ...(this.#pins === undefined ? {} : { pins: this.#pins }),
    };
  }

  #tables(): Pick<DeltaBody, TableName | "removed"> {
    const changed: { [T in TableName]?: readonly TableRows[T][] } = {};
    const removed: { -readonly [K in keyof Removed]: Removed[K] } = {};
    for (const table of TABLES) {
      if (this.#rows[table].size > 0) Object.assign(changed, { [table]: [...this.#rows[table].values()] });
      if (this.#removed[table].size > 0) removed[table] = [...this.#removed[table]];
    }
    return Object.keys(removed).length === 0 ? changed : { ...changed, removed };
  }
}
