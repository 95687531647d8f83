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

/** A small line without axes, scaled to its own greatest value. */
export const Sparkline = memo(({ values, width, height, capacity, class: name = "" }: SparklineProps) => {
  const top = Math.max(...values, 1e-9);
  const step = width / Math.max(1, capacity - 1);
  const x = (index: number): string => (width - (values.length - 1 - index) * step).toFixed(1);
  const y = (value: number): string => (height - 1 - (value / top) * (height - 2)).toFixed(1);
  const line = values.map((value, index) => `${x(index)},${y(value)}`).join(" ");
  const first = values.length === 0 ? "0" : x(0);
  return (
    <svg
      class={`sparkline ${name}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      aria-hidden="true"
      preserveAspectRatio="none"
    >
      {values.length > 1 && (
        <>
          <polygon points={`${first},${height} ${line} ${width},${height}`} />
          <polyline points={line} />
        </>
      )}
    </svg>
  );
});
