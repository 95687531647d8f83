const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** 64 bits of nanoseconds, 292 years: what a time.Duration of Go holds, and Envoy takes (DurationUtil), in whole seconds. */
const LONGEST = 9_223_372_035_000;

/**
 * Go's notation and days: `500ms`, `15s`, `1h30m`, `1.5s`, `15d`, and `0` alone. Milliseconds, or `undefined` for anything else,
 * also for one that is longer than Go's can be.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(\D+)/g)) {
    milliseconds += Number(amount) * (UNITS[unit ?? ""] ?? NaN);
  }
  return milliseconds > LONGEST ? undefined : milliseconds;
}

/** The shortest notation that {@link parseDuration} reads back: `90s` is `1m30s`. Whole milliseconds. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  if (rest === 0) return "0s";
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = UNITS[unit] ?? NaN;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}
