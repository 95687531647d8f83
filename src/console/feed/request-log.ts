import type { RequestRow } from "#traffic/request-shown.ts";

/** Rows that are kept for scrolling back, and that may wait while the reader reads. */
export const MOST_ROWS = 10_000;
const MOST_WAITING = 5_000;

/** What the request tail shows. It does not change any more. */
export interface LogView {
  /** Oldest first; the screen turns them round. Their ids rise, and tell them apart within this page only. */
  readonly rows: readonly RequestRow[];
  /** Ids of rows before which others may be missing: the page did not listen, or held too many back. */
  readonly gaps: ReadonlySet<number>;
  /** Grows with every change of `rows`: what was computed of them is out of date. */
  readonly version: number;
  /** Rows that came while the view was held. */
  readonly waiting: number;
}

/**
 * The requests as they come. While it is held (the reader scrolls, or has paused) the rows stand still and new ones wait;
 * letting go puts them on top. Memory is bounded on both sides, and what is missing in between is told.
 */
export class RequestLog {
  #rows: RequestRow[] = [];
  #gaps: ReadonlySet<number> = new Set();
  #waitingRows: RequestRow[] = [];
  #waiting = 0;
  #held = false;
  #version = 0;
  /** Added to the ids that come: Binnacle's begin again with each of its starts. */
  #base = 0;

  hold(): void {
    this.#held = true;
  }

  letGo(): void {
    this.#held = false;
    const [oldest] = this.#waitingRows;
    if (oldest === undefined) return;
    if (this.#waiting > this.#waitingRows.length) this.#gaps = new Set([...this.#gaps, oldest.id]);
    this.#append(this.#waitingRows);
    this.#waitingRows = [];
    this.#waiting = 0;
  }

  /** The rows of another filter: nothing of the old ones belongs there, held or not. */
  clear(): void {
    this.#rows = [];
    this.#gaps = new Set();
    this.#waitingRows = [];
    this.#waiting = 0;
    this.#version++;
  }

  /** The rows of a snapshot, oldest first. It repeats what is known already, which is left out. */
  addSnapshot(rows: readonly RequestRow[]): void {
    const last = this.#waitingRows.at(-1) ?? this.#rows.at(-1);
    const [first] = rows;
    if (last === undefined || first === undefined) {
      this.add(rows);
      return;
    }
    const times = new Map([...this.#rows, ...this.#waitingRows].map(({ id, time }) => [id, time]));
    if (rows.some(({ id, time }) => times.get(id + this.#base) === time)) {
      this.add(rows.filter(({ id }) => id + this.#base > last.id));
      return;
    }
    // Nothing of it is known: others went by in between. Ids that fall are those of another start of Binnacle.
    if (first.id + this.#base <= last.id) this.#base = last.id;
    this.#gaps = new Set([...this.#gaps, first.id + this.#base]);
    this.add(rows);
  }

  /** The rows of a delta, oldest first. */
  add(rows: readonly RequestRow[]): void {
    if (rows.length === 0) return;
    const own = this.#own(rows);
    if (!this.#held) {
      this.#append(own);
      return;
    }
    this.#waiting += own.length;
    this.#waitingRows = [...this.#waitingRows, ...own].slice(-MOST_WAITING);
  }

  /** Rows from before those that are here, newest first, as the history answers. What is here already is left out. */
  prepend(rows: readonly RequestRow[]): void {
    const known = new Set(this.#rows.map(({ id }) => id));
    const older = this.#own(rows)
      .filter(({ id }) => !known.has(id))
      .toReversed();
    const room = Math.max(0, MOST_ROWS - this.#rows.length);
    if (older.length === 0 || room === 0) return;
    this.#rows = [...older.slice(-room), ...this.#rows];
    this.#version++;
  }

  view(): LogView {
    return { rows: this.#rows, gaps: this.#gaps, version: this.#version, waiting: this.#waiting };
  }

  #own(rows: readonly RequestRow[]): readonly RequestRow[] {
    const base = this.#base;
    return base === 0 ? rows : rows.map((row) => ({ ...row, id: row.id + base }));
  }

  #append(rows: readonly RequestRow[]): void {
    this.#rows = [...this.#rows, ...rows].slice(-MOST_ROWS);
    const oldest = this.#rows[0]?.id ?? 0;
    // Only the last of several gaps can stand in what waits; those that left with their rows are forgotten.
    if (this.#gaps.size > 0) this.#gaps = new Set([...this.#gaps].filter((id) => id > oldest));
    this.#version++;
  }
}
