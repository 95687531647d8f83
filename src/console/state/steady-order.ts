/**
 * The rows in an order that does not run away under the reader: `order` (keys, as shown before) stands while `mayMove` is
 * false; rows that are new stand at its end, rows that are gone leave.
 */
export function steadyOrder<T extends { readonly key: string }>(
  rows: readonly T[],
  order: readonly string[],
  compare: (a: T, b: T) => number,
  mayMove: boolean,
): readonly T[] {
  if (mayMove || order.length === 0) return rows.toSorted(compare);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const standing = order.flatMap((key) => byKey.get(key) ?? []);
  const known = new Set(order);
  const added = rows.filter(({ key }) => !known.has(key)).toSorted(compare);
  return [...standing, ...added];
}
