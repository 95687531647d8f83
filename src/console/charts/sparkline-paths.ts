export interface SparklinePaths {
  /** Below the line, closed; empty while there is no line. */
  readonly area: string;
  readonly line: string;
  /** The parts of the line along zero. */
  readonly zero: string;
}

/**
 * A line scaled to its own greatest value, as what an SVG's `path` takes.
 *
 * @param values oldest first; the newest stands at the right edge
 * @param capacity values that the whole width stands for
 */
export function sparklinePaths(
  values: readonly number[],
  { width, height, capacity }: { readonly width: number; readonly height: number; readonly capacity: number },
): SparklinePaths {
  if (values.length < 2) return { area: "", line: "", zero: "" };
  const top = Math.max(...values, 1e-9);
  const step = width / Math.max(1, capacity - 1);
  const points = values.map((value, index) => {
    const x = width - (values.length - 1 - index) * step;
    return `${x.toFixed(1)},${(height - 1 - (value / top) * (height - 2)).toFixed(1)}`;
  });
  const paths = { line: "", zero: "" };
  let before: keyof typeof paths | undefined;
  for (const [index, point] of points.entries()) {
    if (index === 0) continue;
    const part = values[index] === 0 && values[index - 1] === 0 ? "zero" : "line";
    paths[part] += part === before ? `L${point}` : `M${points[index - 1]}L${point}`;
    before = part;
  }
  const first = points[0]?.split(",")[0] ?? "";
  return { ...paths, area: `M${first},${height - 1}L${points.join("L")}L${width},${height - 1}Z` };
}
