import type { Upstream } from "#traffic/table-rows.ts";

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A rate with three digits that count: `0`, `0.4`, `12.3`, `841`, `12.4k`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return "<0.1";
  if (perSecond < 99.95) return perSecond.toFixed(1);
  return formatCount(perSecond);
}

/** Borders lie where the figure would be rounded up into the next form, so that there is no `1000k`. */
export function formatCount(count: number): string {
  if (count < 9999.5) return NUMBER.format(count);
  if (count < 99_950) return `${(count / 1000).toFixed(1)}k`;
  if (count < 999_500) return `${(count / 1000).toFixed(0)}k`;
  if (count < 99_950_000) return `${(count / 1_000_000).toFixed(1)}M`;
  if (count < 999_500_000) return `${(count / 1_000_000).toFixed(0)}M`;
  return `${(count / 1_000_000_000).toFixed(1)}G`;
}

/** A share of 0 to 1 as a percentage that never says 0 % of something or 100 % of not all. */
export function formatShare(ratio: number): string {
  const percent = ratio * 100;
  if (percent === 0) return "0%";
  if (percent < 0.1) return "<0.1%";
  if (percent < 9.95) return `${percent.toFixed(1)}%`;
  if (percent > 99 && percent < 100) return "99%";
  return `${percent.toFixed(0)}%`;
}

/** Milliseconds: `0`, `<0.1 ms`, `0.4 ms`, `12 ms`, `1.20 s`, `15.0 s`, `1.5 min`, `2.0 h`. */
export function formatMillis(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  if (milliseconds === 0) return "0 ms";
  if (milliseconds < 0.05) return "<0.1 ms";
  if (milliseconds < 0.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9995) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 3_597_000) return `${(milliseconds / 60_000).toFixed(1)} min`;
  return `${(milliseconds / 3_600_000).toFixed(1)} h`;
}

/** How long ago, in one unit: `4 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 999.5) return `${Math.round(bytes)} B`;
  if (bytes < 999_950) return `${(bytes / 1000).toFixed(1)} kB`;
  if (bytes < 999_950_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  if (bytes < 999_950_000_000) return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
  return `${(bytes / 1_000_000_000_000).toFixed(1)} TB`;
}

/** `2026-11-23 14:03:07.21 +01:00`: local, and to be compared with what was logged elsewhere. */
export function formatMoment(milliseconds: number): string {
  const date = new Date(milliseconds);
  const minutes = -date.getTimezoneOffset();
  const [sign, ahead] = [minutes < 0 ? "-" : "+", Math.abs(minutes)];
  return `${dateOf(date)} ${formatTime(milliseconds)} ${sign}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
}

/** `14:03:07`, and with its date where that is not today's. */
export function formatClock(milliseconds: number, now: number): string {
  const date = new Date(milliseconds);
  const clock = formatTime(milliseconds).slice(0, 8);
  return dateOf(date) === dateOf(new Date(now)) ? clock : `${dateOf(date)} ${clock}`;
}

function dateOf(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
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
