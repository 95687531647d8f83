import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { type ChartTheme, chartTheme } from "./theme.ts";

export interface LiveChartProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Seconds since the epoch first, then one list for each series. */
  readonly data: uPlot.AlignedData;
  /** Seconds since the epoch: what the chart's width stands for. */
  readonly from: number;
  readonly to: number;
  /** All but size, and anew for each theme. */
  readonly options: (theme: ChartTheme) => Omit<uPlot.Options, "width" | "height">;
  /** The second under the pointer, or undefined. */
  readonly onHover: (seconds: number | undefined) => void;
  /** A second was clicked. */
  readonly onPick: (seconds: number) => void;
}

/** One canvas that follows its panel's size, the feed and the colour scheme. */
export function LiveChart(props: LiveChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const draw = (): void => {
      plot.current?.destroy();
      const size = { width: element.clientWidth, height: element.clientHeight };
      const options = latest.current.options(chartTheme(element));
      const hook = (u: uPlot): void => {
        const index = u.cursor.idx;
        latest.current.onHover(index == null ? undefined : u.data[0][index]);
      };
      plot.current = new uPlot(
        { ...options, ...size, hooks: { ...options.hooks, setCursor: [hook] } },
        latest.current.data,
        element,
      );
      scale(plot.current, latest.current);
      plot.current.over.addEventListener("click", () => {
        const seconds = plot.current?.data[0][plot.current.cursor.idx ?? -1];
        if (seconds !== undefined) latest.current.onPick(seconds);
      });
    };
    draw();
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    scheme.addEventListener("change", draw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", draw);
      plot.current?.destroy();
    };
  }, []);

  useEffect(() => {
    if (plot.current === undefined) return;
    plot.current.setData(props.data, false);
    scale(plot.current, props);
  }, [props.data, props.from, props.to]);

  return <div class="chart" ref={place} role="img" aria-label={props.label} />;
}

function scale(plot: uPlot, { from, to }: LiveChartProps): void {
  plot.setScale("x", { min: from, max: to });
}
