import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Column, Quantiles } from "#traffic/messages.ts";
import { axes, timeWords } from "../charts/axes.ts";
import { type ChartWindow, chartWindow, columnAt, markersNear } from "../charts/chart-window.ts";
import { bucketBounds, drawHeatmap } from "../charts/draw-heatmap.ts";
import { drawMarkers } from "../charts/draw-markers.ts";
import { LiveChart } from "../charts/live-chart.tsx";
import type { ChartTheme } from "../charts/theme.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatMillis } from "../words/format.ts";
import { Panel } from "./panel.tsx";

/** The spread of latencies second by second, with the median and the slow ends as lines. */
export function LatencyChart({ state }: { readonly state: ConsoleState }) {
  const hover = useSignal<number | undefined>(undefined);
  const window = chartWindow(state.picture.value, state.place.value.minutes);
  const shown = useRef(window);
  shown.current = window;
  const column = columnAt(window, hover.value) ?? window.columns.findLast(({ quantiles }) => quantiles !== undefined);
  return (
    <Panel name="Latency" class="chart-panel" note={<Legend window={window} column={column} hover={hover.value} />}>
      <LiveChart
        label={`Latency over the last ${state.place.value.minutes} minutes: median ${formatMillis(column?.quantiles?.p50)}, p99 ${formatMillis(column?.quantiles?.p99)}`}
        data={dataOf(window)}
        from={window.from}
        to={window.to}
        onHover={(seconds) => (hover.value = seconds)}
        options={(theme) => options(theme, () => shown.current)}
      />
    </Panel>
  );
}

function dataOf({ columns }: ChartWindow): uPlot.AlignedData {
  const line = (of: keyof Quantiles): (number | null)[] => columns.map(({ quantiles }) => quantiles?.[of] ?? null);
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
      draw: [(plot) => drawMarkers(plot, window().markers, theme)],
    },
  };
}

/** Whole decades around what is there, so that the scale moves seldom. */
function yRange({ columns }: ChartWindow): [number, number] {
  const buckets = columns.flatMap(({ latency }) => latency.map(([bucket]) => bucket));
  if (buckets.length === 0) return [1, 1000];
  const [low] = bucketBounds(Math.min(...buckets));
  const [, high] = bucketBounds(Math.max(...buckets));
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))];
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
  readonly column: Column | undefined;
  readonly hover: number | undefined;
}

/** Names the lines and gives their figures: now, or under the pointer. An event under the pointer comes first. */
function Legend({ window, column, hover }: LegendProps) {
  const near = markersNear(window, hover, 2).map(({ text }) => text);
  if (near.length > 0) return <>{near.join(" · ")}</>;
  return (
    <>
      {hover !== undefined && column !== undefined && timeWords(column.time)}
      {(["p50", "p90", "p99"] as const).map((name) => (
        <span key={name}>
          <i class={`key line-${name}`} />
          {name} {formatMillis(column?.quantiles?.[name])}
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
