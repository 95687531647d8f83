import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketOf } from "#traffic/histogram.ts";
import type { Column } from "#traffic/table-rows.ts";
import { bucketBounds, slidingQuantiles } from "./latency-buckets.ts";

function column(second: number, durations: readonly number[]): Column {
  const counts = new Map<number, number>();
  for (const duration of durations) counts.set(bucketOf(duration), (counts.get(bucketOf(duration)) ?? 0) + 0.1);
  const latency = [...counts].sort(([a], [b]) => a - b);
  return { time: second * 1000, requests: durations.length, errors: 0, classes: {}, latency };
}

test("a bucket's bounds are those that the server counts by", () => {
  for (const duration of [0.07, 0.5, 1, 14, 500, 15_000, 600_000]) {
    const [from, to] = bucketBounds(bucketOf(duration));
    assert.ok(from < duration && duration <= to, `${duration}: ${from} to ${to}`);
  }
});

test("quantiles are of the last seconds, within the width of a bucket", () => {
  const columns = [column(1, [1000]), column(2, [10, 10, 10]), column(3, [10])];
  const [first, second, third] = slidingQuantiles(columns, 2);
  near(first?.p50, 1000);
  near(second?.p50, 10);
  near(second?.p99, 1000);
  near(third?.p99, 10);
});

test("seconds without requests have no quantiles once the window is past", () => {
  const columns = [column(1, [5]), column(2, []), column(4, []), column(5, [7])];
  assert.deepEqual(
    slidingQuantiles(columns, 3).map((quantiles) => quantiles !== undefined),
    [true, true, false, true],
  );
});

function near(value: number | undefined, wanted: number): void {
  assert.ok(Math.abs((value ?? 0) / wanted - 1) < 0.19, `${value}, not ${wanted}`);
}
