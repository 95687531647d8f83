import type { RequestRow } from "#traffic/request-shown.ts";

/** Pixels: a row, and one that says why below itself. The stylesheet has the same figures. */
export const ROW_HEIGHT = 26;
export const WHY_HEIGHT = 20;

/** Where rows of two heights stand, so that only those in sight are drawn. Offsets count from the oldest row's top. */
export interface RowOffsets {
  /** One more entry than rows: `offsets[i]` to `offsets[i + 1]` is row i. */
  readonly offsets: Float64Array;
  readonly height: number;
}

export function rowHeight(row: RequestRow): number {
  return row.why === undefined ? ROW_HEIGHT : ROW_HEIGHT + WHY_HEIGHT;
}

export function rowOffsets(rows: readonly RequestRow[]): RowOffsets {
  const offsets = new Float64Array(rows.length + 1);
  for (const [index, row] of rows.entries()) offsets[index + 1] = (offsets[index] ?? 0) + rowHeight(row);
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
