/**
 * A line's values without those at zero, except where it comes from there or goes there: along zero nothing is drawn, for a line
 * of failures at the foot of a chart looks like failures.
 *
 * @returns as many as there were; null: nothing is drawn
 */
export function aboveZero(values: readonly number[]): (number | null)[] {
  return values.map((value, index) =>
    value !== 0 || (values[index - 1] ?? 0) !== 0 || (values[index + 1] ?? 0) !== 0 ? value : null,
  );
}
