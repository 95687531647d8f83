import type { RequestRow } from "#traffic/request-shown.ts";

/** Rows that are kept for scrolling back, and that may wait while the reader reads. */
export const MOST_ROWS = 10_000;
const MOST_WAITING = 5_000;

/** What the request tail shows. It does not change any more. */
export interface LogView {
  /** Oldest first; the screen turns them round. */
  readonly rows: readonly RequestRow[];
  /** Grows with every change of `rows`: what was computed of them is out of date. */
  readonly version: number;
  /** Rows that came while the view was held. */
  readonly waiting: number;
}

/**
 * The requests as they come. While it is held (the reader scrolls, or has paused) the rows stand still and new ones wait;
 * letting go puts them on top. Memory is bounded on both sides.
 */
export class RequestLog {
  #rows: RequestRow[] = [];
  #waitingRows: RequestRow[] = [];
  #waiting = 0;
  #held = false;
  #version = 0;

  get held(): boolean {
    return this.#held;
  }

  hold(): void {
    this.#held = true;
  }

  letGo(): void {
    this.#held = false;
    if (this.#waiting === 0) return;
    this.#append(this.#waitingRows);
    this.#waitingRows = [];
    this.#waiting = 0;
  }

  /** The rows of another filter: nothing of the old ones belongs there, held or not. */
  clear(): void {
    this.#rows = [];
    this.#waitingRows = [];
    this.#waiting = 0;
    this.#version++;
  }

  /** The rows of a snapshot, oldest first. It repeats what is known already, which is left out. */
  addSnapshot(rows: readonly RequestRow[]): void {
    const last = this.#waitingRows.at(-1) ?? this.#rows.at(-1);
    const newest = rows.at(-1);
    if (last === undefined || newest === undefined) {
      this.add(rows);
      return;
    }
    // Ids begin again when Binnacle does: then only time tells what is new.
    const isOtherRun = newest.id < last.id;
    this.add(rows.filter((row) => (isOtherRun ? row.time > last.time : row.id > last.id)));
  }

  /** The rows of a delta, oldest first. */
  add(rows: readonly RequestRow[]): void {
    if (rows.length === 0) return;
    if (!this.#held) {
      this.#append(rows);
      return;
    }
    this.#waiting += rows.length;
    this.#waitingRows = [...this.#waitingRows, ...rows].slice(-MOST_WAITING);
  }

  /** Rows from before those that are here, newest first, as the history answers. What is here already is left out. */
  prepend(rows: readonly RequestRow[]): void {
    const known = new Set(this.#rows.map(({ id }) => id));
    const older = rows.filter(({ id }) => !known.has(id)).toReversed();
    const room = Math.max(0, MOST_ROWS - this.#rows.length);
    if (older.length === 0 || room === 0) return;
    this.#rows = [...older.slice(-room), ...this.#rows];
    this.#version++;
  }

  view(): LogView {
    return { rows: this.#rows, version: this.#version, waiting: this.#waiting };
  }

  #append(rows: readonly RequestRow[]): void {
    this.#rows = [...this.#rows, ...rows].slice(-MOST_ROWS);
    this.#version++;
  }
}
