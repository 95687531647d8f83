import { sparklinePaths } from "../charts/sparkline-paths.ts";
import { memo } from "./memo.ts";

interface SparklineProps {
  /** Oldest first. */
  readonly values: readonly number[];
  readonly width: number;
  readonly height: number;
  /** Values that the whole width stands for: a line that is still growing begins at the right. */
  readonly capacity: number;
  /** The figures are in the cell beside it. */
  readonly class?: string;
}

/** A small line without axes, scaled to its own greatest value; along zero it has no tone. */
export const Sparkline = memo(({ values, width, height, capacity, class: name = "" }: SparklineProps) => {
  const { area, line, zero } = sparklinePaths(values, { width, height, capacity });
  return (
    <svg
      class={`sparkline ${name}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      aria-hidden="true"
      preserveAspectRatio="none"
    >
      <path class="sparkline-area" d={area} />
      <path class="sparkline-zero" d={zero} />
      <path d={line} />
    </svg>
  );
});
