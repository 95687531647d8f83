import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Quantiles } from "#traffic/table-rows.ts";
import { axes, timeWords } from "../charts/axes.ts";
import { type ChartWindow, columnAt, markersNear } from "../charts/chart-window.ts";
import { drawHeatmap } from "../charts/draw-heatmap.ts";
import { bucketBounds, slidingQuantiles } from "../charts/latency-buckets.ts";
import { drawMarkers } from "../charts/draw-markers.ts";
import { LiveChart } from "../charts/live-chart.tsx";
import type { ChartTheme } from "../charts/theme.ts";
import { useChartWindow } from "../charts/use-chart-window.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatMillis } from "../words/format.ts";
import { Panel } from "./panel.tsx";

/** Seconds that a point of the lines looks back on. */
const SECONDS = 15;
/** 0.1 ms: what is faster was answered by Envoy itself. */
const LOWEST_DECADE = -1;

/** The spread of latencies second by second, with the median and the slow ends as lines. */
export function LatencyChart({ state }: { readonly state: ConsoleState }) {
  const hover = useSignal<number | undefined>(undefined);
  const window = useChartWindow(state);
  const shown = useRef(window);
  shown.current = window;
  const lines = useMemo(() => slidingQuantiles(window.columns, SECONDS), [window]);
  const data = useMemo(() => dataOf(window, lines), [window]);
  const under = columnAt(window, hover.value);
  const quantiles = under === undefined ? lines.at(-1) : lines[window.columns.indexOf(under)];
  return (
    <Panel
      name="Latency"
      class="chart-panel"
      note={<Legend window={window} time={under?.time} quantiles={quantiles} />}
    >
      <LiveChart
        label={`Latency over the last ${state.place.value.minutes} minutes: median ${formatMillis(quantiles?.p50)}, p99 ${formatMillis(quantiles?.p99)}`}
        data={data}
        from={window.from}
        to={window.to}
        onHover={(seconds) => (hover.value = seconds)}
        onPick={state.showSecond}
        options={(theme) => options(theme, () => shown.current)}
      />
    </Panel>
  );
}

function dataOf({ columns }: ChartWindow, lines: readonly (Quantiles | undefined)[]): uPlot.AlignedData {
  const line = (of: keyof Quantiles): (number | null)[] => lines.map((quantiles) => quantiles?.[of] ?? null);
  return [columns.map(({ time }) => time / 1000), line("p50"), line("p90"), line("p99")];
}

function options(theme: ChartTheme, window: () => ChartWindow): Omit<uPlot.Options, "width" | "height"> {
  return {
    ...axes(theme, decadeWords, (plot) => decades(plot.scales["y"]?.min ?? 1, plot.scales["y"]?.max ?? 1000)),
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- 3 is logarithmic: the enum is in uPlot's types only
    scales: { x: { time: true, auto: false }, y: { distr: 3, range: () => yRange(window()) } },
    series: [{}, seriesLine(theme.p50), seriesLine(theme.p90), seriesLine(theme.p99)],
    hooks: {
      drawClear: [(plot) => drawHeatmap(plot, window().columns, theme)],
      draw: [(plot) => drawMarkers(plot, window(), theme)],
    },
  };
}

/** Whole decades around what is there, so that the scale moves seldom. */
function yRange({ columns }: ChartWindow): [number, number] {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const { latency } of columns) {
    lowest = Math.min(lowest, latency[0]?.[0] ?? lowest);
    highest = Math.max(highest, latency.at(-1)?.[0] ?? highest);
  }
  if (highest < lowest) return [1, 1000];
  const [low] = bucketBounds(lowest);
  const [, high] = bucketBounds(highest);
  return [10 ** Math.max(LOWEST_DECADE, Math.floor(Math.log10(low))), 10 ** Math.ceil(Math.log10(high))];
}

/** 0.1 ms, 1 ms … as far as the scale goes. */
function decades(from: number, to: number): number[] {
  const first = Math.round(Math.log10(from));
  const count = Math.round(Math.log10(to)) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => 10 ** (first + index));
}

/** Without decimals that say nothing: `10 ms`, `1 s`. */
function decadeWords(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${milliseconds / 1000} s`;
}

interface LegendProps {
  readonly window: ChartWindow;
  /** Of the second under the pointer, milliseconds since the epoch. */
  readonly time: number | undefined;
  readonly quantiles: Quantiles | undefined;
}

/** Names the lines and gives their figures: now, or under the pointer. An event under the pointer comes first. */
function Legend({ window, time, quantiles }: LegendProps) {
  const near = markersNear(window, time === undefined ? undefined : time / 1000, 2).map(({ text }) => text);
  if (near.length > 0) return <>{near.join(" · ")}</>;
  return (
    <>
      {time !== undefined && timeWords(time)}
      {(["p50", "p90", "p99"] as const).map((name) => (
        <span key={name}>
          <i class={`key line-${name}`} />
          {name} {formatMillis(quantiles?.[name])}
        </span>
      ))}
    </>
  );
}

function seriesLine(color: string): uPlot.Series {
  return {
    stroke: color,
    width: 1.25,
    points: { show: false },
    spanGaps: true,
  };
}
