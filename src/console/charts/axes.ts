import type uPlot from "uplot";
import type { ChartTheme } from "./theme.ts";

/** Seconds between the marks below a chart: uPlot's own have none between one minute and five. */
const STEPS = [1, 5, 10, 15, 30, 60, 120, 300, 600];

/** What all charts have in common: small axes, a hair cursor, no legend of uPlot's own, no zoom. */
export function axes(
  theme: ChartTheme,
  words: (value: number) => string,
  /** The values that stand on the upright axis; without it uPlot chooses. */
  splits?: (plot: uPlot) => number[],
): Pick<uPlot.Options, "axes" | "cursor" | "legend" | "padding"> {
  const common = {
    stroke: theme.text,
    font: theme.font,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { show: false },
  };
  return {
    axes: [
      {
        ...common,
        size: 22,
        gap: 4,
        space: 56,
        incrs: STEPS,
        values: (_plot, splits) => splits.map((seconds) => clockWords(seconds)),
      },
      {
        ...common,
        size: 50,
        gap: 4,
        space: 26,
        ...(splits === undefined ? {} : { splits, filter: (_plot, values) => values }),
        values: (_plot, values) => values.map((value) => (value === null ? "" : words(value))),
      },
    ],
    cursor: { drag: { x: false, y: false, setScale: false }, points: { show: false }, y: false },
    legend: { show: false },
    padding: [6, 20, 0, 0],
  };
}

/** `14:03`, or `14:03:30` off the full minute. */
function clockWords(seconds: number): string {
  const text = timeWords(seconds * 1000);
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}

/** Local time of day: `14:03:07`. */
export function timeWords(milliseconds: number): string {
  return new Date(milliseconds).toTimeString().slice(0, 8);
}
