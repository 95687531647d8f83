import type { Upstream } from "#traffic/table-rows.ts";

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A rate with three digits that count: `0`, `0.4`, `12.3`, `841`, `12.4k`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return "<0.1";
  if (perSecond < 100) return perSecond.toFixed(1);
  return formatCount(perSecond);
}

export function formatCount(count: number): string {
  if (count < 10_000) return NUMBER.format(count);
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 100_000 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** A share of 0 to 1 as a percentage that never says 0 % of something or 100 % of not all. */
export function formatShare(ratio: number): string {
  const percent = ratio * 100;
  if (percent === 0) return "0%";
  if (percent < 0.1) return "<0.1%";
  if (percent < 10) return `${percent.toFixed(1)}%`;
  if (percent > 99 && percent < 100) return "99%";
  return `${percent.toFixed(0)}%`;
}

/** Milliseconds: `0.4 ms`, `12 ms`, `1.2 s`, `2 min`. */
export function formatMillis(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  if (milliseconds < 1) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** How long ago, in one unit: `now`, `4 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** Local time of day with hundredths: `14:03:07.21`. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const hundredths = two(Math.floor(date.getMilliseconds() / 10));
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${hundredths}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `team-shop/cart:8080`, with the backend in front when it is not the home's own. */
export function formatUpstreamShort({ backend, namespace, service, port }: Upstream): string {
  const place = `${namespace}/${service}:${port}`;
  return backend === "local" ? place : `${backend} ${place}`;
}
