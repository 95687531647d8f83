import type { Quantiles } from "./table-rows.ts";

/**
 * A histogram of durations that can be added to another: 96 buckets, each a quarter of an octave (19 %) wide, so that a
 * quantile is off by at most 9 %. Bucket `b` holds durations above `2^((b-1)/4 - 4)` and up to `2^(b/4 - 4)` milliseconds;
 * bucket 0 all up to 1/16 ms, the last one all above 2^19.5 ms (12 minutes).
 */
export const BUCKETS = 96;
const PER_OCTAVE = 4;
const LOWEST_OCTAVE = 4;

/** The bucket of a duration in milliseconds. */
export function bucketOf(milliseconds: number): number {
  if (!(milliseconds > 2 ** -LOWEST_OCTAVE)) return 0;
  const bucket = Math.ceil((Math.log2(milliseconds) + LOWEST_OCTAVE) * PER_OCTAVE);
  return Math.min(BUCKETS - 1, Math.max(1, bucket));
}

/** Milliseconds: the upper end of a bucket. */
export function upperEnd(bucket: number): number {
  return 2 ** (bucket / PER_OCTAVE - LOWEST_OCTAVE);
}

/** The quantiles of a histogram given as the weight of each bucket; undefined when it is empty. */
export function quantiles(weights: ArrayLike<number>): Quantiles | undefined {
  let total = 0;
  for (let bucket = 0; bucket < weights.length; bucket++) total += weights[bucket] ?? 0;
  if (!(total > 0)) return undefined;
  const at = (share: number) => quantile(weights, share * total);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

/** Between the ends of the bucket in which the rank falls, by the rank's place in it. */
function quantile(weights: ArrayLike<number>, rank: number): number {
  let below = 0;
  let last = 0;
  for (let bucket = 0; bucket < weights.length; bucket++) {
    const weight = weights[bucket] ?? 0;
    if (weight <= 0) continue;
    last = bucket;
    if (below + weight >= rank) return within(bucket, (rank - below) / weight);
    below += weight;
  }
  return rounded(upperEnd(last));
}

function within(bucket: number, share: number): number {
  if (bucket === 0) return rounded(upperEnd(0) * share);
  const lower = upperEnd(bucket - 1);
  return rounded(lower + (upperEnd(bucket) - lower) * share);
}

/** Three digits are more than the buckets know, and short on the wire. */
function rounded(milliseconds: number): number {
  return Number(milliseconds.toPrecision(3));
}
