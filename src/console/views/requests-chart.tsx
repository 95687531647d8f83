import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { CodeClass, Column } from "#traffic/table-rows.ts";
import { aboveZero } from "../charts/above-zero.ts";
import { axes, timeWords } from "../charts/axes.ts";
import { type ChartWindow, columnAt, markersNear } from "../charts/chart-window.ts";
import { drawMarkers } from "../charts/draw-markers.ts";
import { LiveChart } from "../charts/live-chart.tsx";
import type { ChartTheme } from "../charts/theme.ts";
import { useChartWindow } from "../charts/use-chart-window.ts";
import { MINUTES } from "../state/address.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatCount } from "../words/format.ts";
import { Panel } from "./panel.tsx";
import { Tabs } from "./tabs.tsx";

const MINUTE_CHOICES = MINUTES.map((minutes) => ({ value: minutes, label: `${minutes} min` }));

/** Requests a second, those that failed in front. */
export function RequestsChart({ state }: { readonly state: ConsoleState }) {
  const hover = useSignal<number | undefined>(undefined);
  const { minutes } = state.place.value;
  const window = useChartWindow(state);
  const data = useMemo(() => dataOf(window), [window]);
  const shown = useRef(window);
  shown.current = window;
  const words = legend(window, hover.value);
  return (
    <Panel
      name="Requests a second"
      class="chart-panel"
      note={words}
      tools={
        <Tabs
          label="Time shown"
          choices={MINUTE_CHOICES}
          chosen={minutes}
          onChoose={(value) => state.go({ minutes: value })}
        />
      }
    >
      <LiveChart
        label={`Requests a second over the last ${minutes} minutes. ${words}`}
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

/** Layers from the back to the front, so that each shows as the band above the next: all, 4xx and worse, failures. */
function dataOf({ columns }: ChartWindow): uPlot.AlignedData {
  return [
    columns.map(({ time }) => time / 1000),
    columns.map(({ requests }) => requests),
    aboveZero(columns.map((column) => of(column, "4xx") + column.errors)),
    aboveZero(columns.map(({ errors }) => errors)),
  ];
}

function of({ classes }: Column, codeClass: CodeClass): number {
  return classes[codeClass] ?? 0;
}

function options(theme: ChartTheme, window: () => ChartWindow): Omit<uPlot.Options, "width" | "height"> {
  return {
    ...axes(theme, (value) => (Number.isInteger(value) ? formatCount(value) : "")),
    scales: { x: { time: true, auto: false }, y: { range: (_plot, _min, max) => [0, Math.max(5, max * 1.1)] } },
    series: [{}, layer(theme.accent, "0.16"), layer(theme.warn, "0.35"), layer(theme.bad, "0.6")],
    hooks: { draw: [(plot) => drawMarkers(plot, window(), theme)] },
  };
}

function legend(window: ChartWindow, hover: number | undefined): string {
  const column = columnAt(window, hover) ?? window.columns.at(-1);
  if (column === undefined) return "";
  const near = markersNear(window, hover, 2).map(({ text }) => text);
  if (near.length > 0) return near.join(" · ");
  // What fails stands first: where there is little room, the end is cut.
  const classes = (["0xx", "5xx", "4xx", "2xx", "3xx"] as const)
    .filter((codeClass) => of(column, codeClass) > 0)
    .map((codeClass) => `${codeClass === "0xx" ? "unanswered" : codeClass} ${formatCount(of(column, codeClass))}`);
  return [...(hover === undefined ? [] : [timeWords(column.time)]), ...classes].join(" · ");
}

function layer(color: string, opacity: string): uPlot.Series {
  return {
    stroke: color,
    width: 1.25,
    fill: color.replace("rgb(", "rgba(").replace(")", `, ${opacity})`),
    points: { show: false },
  };
}
