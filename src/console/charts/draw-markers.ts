import type uPlot from "uplot";
import type { ChartWindow } from "./chart-window.ts";
import type { ChartTheme } from "./theme.ts";

/** Draws each marker as a line across the chart with a flag at its top, and the picked moment as a plain line. */
export function drawMarkers(plot: uPlot, { markers, at }: ChartWindow, theme: ChartTheme): void {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = unit;
  for (const { time, severity } of markers) {
    const x = Math.round(plot.valToPos(time / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const color = severity === "error" ? theme.bad : severity === "warning" ? theme.warn : theme.accent;
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.globalAlpha = 0.55;
    ctx.setLineDash([3 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x + 7 * unit, bbox.top + 3.5 * unit);
    ctx.lineTo(x, bbox.top + 7 * unit);
    ctx.fill();
  }
  if (at !== undefined) {
    const x = Math.round(plot.valToPos(at, "x", true));
    ctx.fillStyle = theme.text;
    if (x >= bbox.left && x <= bbox.left + bbox.width) ctx.fillRect(x, bbox.top, 2 * unit, bbox.height);
  }
  ctx.restore();
}
