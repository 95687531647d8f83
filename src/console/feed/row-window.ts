import type { RequestRow } from "#traffic/request-shown.ts";

/** Pixels: a row, what says why below it, and what says that rows are missing before it. The stylesheet has the same figures. */
export const ROW_HEIGHT = 26;
export const WHY_HEIGHT = 20;
export const GAP_HEIGHT = 20;

/** Where rows of several heights stand, so that only those in sight are drawn. Offsets count from the oldest row's top. */
export interface RowOffsets {
  /** One more entry than rows: `offsets[i]` to `offsets[i + 1]` is row i. */
  readonly offsets: Float64Array;
  readonly height: number;
}

/** `gaps`: ids of rows before which others are missing. */
export function rowHeight({ id, why }: RequestRow, gaps: ReadonlySet<number>): number {
  return ROW_HEIGHT + (why === undefined ? 0 : WHY_HEIGHT) + (gaps.has(id) ? GAP_HEIGHT : 0);
}

export function rowOffsets(rows: readonly RequestRow[], gaps: ReadonlySet<number>): RowOffsets {
  const offsets = new Float64Array(rows.length + 1);
  for (const [index, row] of rows.entries()) offsets[index + 1] = (offsets[index] ?? 0) + rowHeight(row, gaps);
  return { offsets, height: offsets[rows.length] ?? 0 };
}

/** Pixels from the top of the list, where the newest row is, to the top of row `index`. */
export function topOf({ offsets, height }: RowOffsets, index: number): number {
  return height - (offsets[index + 1] ?? height);
}

/** The rows that `from` to `to` pixels below the list's top touch: indexes `first` (inclusive, older) to `end` (exclusive, newer). */
export function rowsBetween({ offsets, height }: RowOffsets, from: number, to: number): { first: number; end: number } {
  const count = offsets.length - 1;
  const first = Math.max(0, lastAtMost(offsets, height - to));
  const end = Math.min(count, lastAtMost(offsets, height - from) + 1);
  return { first, end };
}

/** Index of the last offset that is at most `value`; -1 when there is none. */
function lastAtMost(offsets: Float64Array, value: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
