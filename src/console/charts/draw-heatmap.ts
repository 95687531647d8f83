import type uPlot from "uplot";
import type { Column } from "#traffic/table-rows.ts";
import { bucketBounds } from "./latency-buckets.ts";
import type { ChartTheme } from "./theme.ts";

/** One column a second, one cell a bucket; the more requests, the stronger. Drawn before lines and axes. */
export function drawHeatmap(plot: uPlot, columns: readonly Column[], theme: ChartTheme): void {
  const { ctx, bbox } = plot;
  let most = 1;
  for (const { latency } of columns) for (const [, requests] of latency) most = Math.max(most, requests);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = theme.accent;
  for (const { time, latency } of columns) {
    const left = Math.floor(plot.valToPos(time / 1000 - 0.5, "x", true));
    const width = Math.ceil(plot.valToPos(time / 1000 + 0.5, "x", true)) - left;
    for (const [bucket, requests] of latency) {
      const [from, to] = bucketBounds(bucket);
      const top = plot.valToPos(to, "y", true);
      // The root keeps single slow requests in sight beside the crowd of fast ones.
      ctx.globalAlpha = 0.16 + 0.64 * Math.sqrt(requests / most);
      ctx.fillRect(left, top, width, plot.valToPos(from, "y", true) - top);
    }
  }
  ctx.restore();
}
