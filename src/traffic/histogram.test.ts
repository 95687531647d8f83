import assert from "node:assert/strict";
import { test } from "node:test";
import { BUCKETS, bucketOf, quantiles, upperEnd } from "./histogram.ts";

function histogram(durations: readonly number[]): Float64Array {
  const weights = new Float64Array(BUCKETS);
  for (const duration of durations) weights[bucketOf(duration)]! += 1;
  return weights;
}

test("a duration lies in its bucket", () => {
  for (const duration of [0.07, 0.5, 1, 1.01, 3, 250, 999.9, 60_000]) {
    const bucket = bucketOf(duration);
    assert.ok(duration <= upperEnd(bucket) * (1 + 1e-12) && duration > upperEnd(bucket - 1), `${duration}`);
  }
});

test("every number has a bucket", () => {
  const ends = [-1, 0, Number.NaN, 1e-9, 1e12, Number.POSITIVE_INFINITY].map(bucketOf);
  assert.deepEqual(ends, [0, 0, 0, 0, BUCKETS - 1, BUCKETS - 1]);
});

test("quantiles are right within a bucket's width", () => {
  const durations = Array.from({ length: 1000 }, (_, index) => index + 1);
  const found = quantiles(histogram(durations));
  assert.ok(found !== undefined);
  for (const [quantile, expected] of [
    [found.p50, 500],
    [found.p90, 900],
    [found.p99, 990],
  ] as const) {
    assert.ok(Math.abs(quantile - expected) / expected < 0.1, `${quantile} for ${expected}`);
  }
});

test("adding histograms is the histogram of all", () => {
  const [a, b] = [histogram([1, 2, 3]), histogram([100, 200])];
  const sum = a.map((weight, bucket) => weight + (b[bucket] ?? 0));
  assert.deepEqual(quantiles(sum), quantiles(histogram([1, 2, 3, 100, 200])));
});

test("weights count as so many requests; nothing has no quantiles", () => {
  const weighted = new Float64Array(BUCKETS);
  weighted[bucketOf(10)] = 99;
  weighted[bucketOf(1000)] = 1;
  const found = quantiles(weighted);
  assert.ok(found !== undefined && found.p50 < 12 && found.p90 < 12);
  assert.equal(quantiles(new Float64Array(BUCKETS)), undefined);
});
