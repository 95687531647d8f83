import { useMemo } from "preact/hooks";
import type { ConsoleState } from "../state/console-state.ts";
import { type ChartWindow, chartWindow } from "./chart-window.ts";

/** What a chart draws, anew once a second: frames come more often, but columns are whole seconds. */
export function useChartWindow(state: ConsoleState): ChartWindow {
  const picture = state.picture.value;
  const place = state.place.value;
  const second = Math.floor((picture?.time ?? 0) / 1000);
  return useMemo(() => chartWindow(picture, place), [second, picture?.filter, place.minutes, place.at]);
}
