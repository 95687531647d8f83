import type { Column, Quantiles } from "#traffic/table-rows.ts";

/** As Column.latency has it: a quarter of an octave each, from 1/16 ms on. */
const PER_OCTAVE = 4;
const LOWEST_OCTAVE = 4;

/** The durations in milliseconds that a bucket holds. The first one is drawn as wide as the others. */
export function bucketBounds(bucket: number): readonly [from: number, to: number] {
  return [upperEnd(bucket - 1), upperEnd(bucket)];
}

function upperEnd(bucket: number): number {
  return 2 ** (bucket / PER_OCTAVE - LOWEST_OCTAVE);
}

/**
 * For each column the quantiles of it and the columns up to `seconds` before it; undefined where there were no requests.
 * Single seconds of a quiet appliance hold a request or none: their quantiles would only jump.
 */
export function slidingQuantiles(columns: readonly Column[], seconds: number): readonly (Quantiles | undefined)[] {
  const weights = new Map<number, number>();
  let oldest = 0;
  return columns.map((column) => {
    for (const [bucket, requests] of column.latency) weights.set(bucket, (weights.get(bucket) ?? 0) + requests);
    for (; (columns[oldest]?.time ?? column.time) <= column.time - seconds * 1000; oldest++) {
      for (const [bucket, requests] of columns[oldest]?.latency ?? []) {
        const left = (weights.get(bucket) ?? 0) - requests;
        // Sums of fractions do not come back to exactly nothing.
        if (left > 1e-6) weights.set(bucket, left);
        else weights.delete(bucket);
      }
    }
    return quantilesOf(weights);
  });
}

function quantilesOf(weights: ReadonlyMap<number, number>): Quantiles | undefined {
  const sorted = [...weights].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, requests]) => sum + requests, 0);
  if (total === 0) return undefined;
  const at = (share: number): number => quantile(sorted, share * total);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

/** Within its bucket a rank's duration lies as far as the rank does: off by at most half the bucket, 9 %. */
function quantile(sorted: readonly (readonly [bucket: number, requests: number])[], rank: number): number {
  let below = 0;
  for (const [bucket, requests] of sorted) {
    if (below + requests >= rank) {
      const [from, to] = bucketBounds(bucket);
      return from + (to - from) * Math.max(0, (rank - below) / requests);
    }
    below += requests;
  }
  return upperEnd(sorted.at(-1)?.[0] ?? 0);
}
