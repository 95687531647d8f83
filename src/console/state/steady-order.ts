/** How rows are sorted while they are watched. */
export interface RowOrder<T> {
  /** The order of a table that is sorted anew. */
  readonly compare: (a: T, b: T) => number;
  /**
   * Whether a row has to stand before another that stands before it now. It is transitive, and true only where `compare` puts it
   * first. Less than `compare` tells, so that rows whose figures are alike do not change places at each of them.
   */
  readonly overtakes: (row: T, other: T) => boolean;
}

/**
 * `anew`: sorted from nothing, as when somebody asks for another order; `drift`: a row moves where it overtakes others; `stay`:
 * none moves, for the reader is among them.
 */
export type Moves = "anew" | "drift" | "stay";

/** Milliseconds between changes of the rows' order. */
const ORDER_EVERY = 2000;

/** @param since milliseconds since rows could last move */
export function movesNow(at: {
  readonly isResorted: boolean;
  readonly isBusy: boolean;
  readonly since: number;
}): Moves {
  if (at.isResorted) return "anew";
  // Of a clock that was set back nothing is waited for.
  const isSoon = at.since >= 0 && at.since < ORDER_EVERY;
  return at.isBusy || isSoon ? "stay" : "drift";
}

/**
 * The rows in an order that does not run away under the reader: what stands in `order` (keys, as shown before) stays in it as far
 * as `moves` says; rows that are new stand at its end, or where they overtake to; rows that are gone leave.
 */
export function steadyOrder<T extends { readonly key: string }>(
  rows: readonly T[],
  order: readonly string[],
  { compare, overtakes }: RowOrder<T>,
  moves: Moves,
): readonly T[] {
  if (moves === "anew" || order.length === 0) return rows.toSorted(compare);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const known = new Set(order);
  const standing = [
    ...order.flatMap((key) => byKey.get(key) ?? []),
    ...rows.filter(({ key }) => !known.has(key)).toSorted(compare),
  ];
  if (moves === "stay") return standing;
  const moved: T[] = [];
  for (const row of standing) {
    // Before the first that it overtakes: beside its neighbour alone a row may be no greater, and never come to the top.
    const place = moved.findIndex((other) => overtakes(row, other));
    moved.splice(place === -1 ? moved.length : place, 0, row);
  }
  return moved;
}

/** Rows overtake as they compare: of figures that change seldom. */
export function exactOrder<T>(compare: (a: T, b: T) => number): RowOrder<T> {
  return { compare, overtakes: (row, other) => compare(row, other) < 0 };
}

/**
 * Whether `rate` is greater than `other` by more than chance makes it: both are events a second, counted for `seconds`, and
 * their difference has a standard deviation of the root of their sum (as of a Poisson process). Twice that, and a tenth.
 */
export function isClearlyBusier(rate: number, other: number, seconds: number): boolean {
  return rate - other > Math.max(0.1 * other, 2 * Math.sqrt((rate + other) / seconds));
}

/** Whether a latency or a share is greater by more than it goes up and down from second to second: a quarter. */
export function isClearlyGreater(value: number, other: number): boolean {
  return value > Math.max(0, other) * 1.25;
}
