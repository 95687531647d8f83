import { bucketOf } from "#traffic/histogram.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { CodeClass, Column, Counts, Quantiles, Rates } from "#traffic/table-rows.ts";
import { classOf } from "./passes.ts";

/** Requests of one place, counted second by second. */
export class Tally {
  readonly #seconds = new Map<number, RequestRow[]>();
  readonly counts = {
    requests: 0,
    classes: {} as Partial<Record<CodeClass, number>>,
    codes: {} as Record<string, number>,
    flags: {} as Record<string, number>,
  } satisfies Counts;

  add(row: RequestRow): void {
    const { counts } = this;
    const codeClass = classOf(row.code);
    counts.requests++;
    counts.classes[codeClass] = (counts.classes[codeClass] ?? 0) + 1;
    counts.codes[row.code] = (counts.codes[row.code] ?? 0) + 1;
    for (const flag of row.flags) counts.flags[flag] = (counts.flags[flag] ?? 0) + 1;
    const second = Math.floor(row.time / 1000);
    const rows = this.#seconds.get(second);
    if (rows === undefined) this.#seconds.set(second, [row]);
    else rows.push(row);
    const oldest = this.#seconds.keys().next().value;
    if (oldest !== undefined && oldest < second - 900) this.#seconds.delete(oldest);
  }

  at(second: number): readonly RequestRow[] {
    return this.#seconds.get(second) ?? [];
  }
}

export const WINDOW = 10;

export function ratesOf(tallies: readonly Tally[], second: number): Rates {
  const rows = tallies.flatMap((tally) =>
    Array.from({ length: WINDOW }, (_, back) => tally.at(second - 1 - back)).flat(),
  );
  const errors = rows.filter(isError).length;
  const latency = quantilesOf(rows);
  return {
    seconds: WINDOW,
    perSecond: rows.length / WINDOW,
    errorsPerSecond: errors / WINDOW,
    errorRatio: rows.length === 0 ? 0 : errors / rows.length,
    ...(latency === undefined ? {} : { latency }),
  };
}

export function sumCounts(tallies: readonly Tally[]): Counts {
  const sum = new Tally().counts;
  for (const { counts } of tallies) {
    sum.requests += counts.requests;
    for (const kind of ["classes", "codes", "flags"] as const) {
      const into: Record<string, number> = sum[kind];
      for (const [key, value] of Object.entries(counts[kind])) into[key] = (into[key] ?? 0) + value;
    }
  }
  return sum;
}

export function columnOf(tallies: readonly Tally[], second: number): Column {
  const rows = tallies.flatMap((tally) => tally.at(second));
  const classes: Partial<Record<CodeClass, number>> = {};
  const buckets = new Map<number, number>();
  for (const { code, duration } of rows) {
    const codeClass = classOf(code);
    classes[codeClass] = (classes[codeClass] ?? 0) + 1;
    const bucket = bucketOf(duration);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  const quantiles = quantilesOf(rows);
  return {
    time: second * 1000,
    requests: rows.length,
    errors: rows.filter(isError).length,
    classes,
    latency: [...buckets].sort(([a], [b]) => a - b),
    ...(quantiles === undefined ? {} : { quantiles }),
  };
}

export function quantilesOf(rows: readonly RequestRow[]): Quantiles | undefined {
  const sorted = rows.map(({ duration }) => duration).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

export function isError({ code }: RequestRow): boolean {
  return code >= 500 || code === 0;
}
