import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAge, formatCount, formatMillis, formatRate, formatShare } from "./format.ts";

test("figures are short and honest", () => {
  assert.deepEqual([0, 0.04, 0.44, 12.34, 841.6, 12_400, 123_456, 2_500_000].map(formatRate), [
    "0",
    "<0.1",
    "0.4",
    "12.3",
    "842",
    "12.4k",
    "123k",
    "2.5M",
  ]);
  assert.deepEqual([0, 0.0004, 0.004, 0.034, 0.5, 0.995, 1].map(formatShare), [
    "0%",
    "<0.1%",
    "0.4%",
    "3.4%",
    "50%",
    "99%",
    "100%",
  ]);
  assert.deepEqual([undefined, 0.42, 12.4, 999.4, 1200, 15_000, 120_000].map(formatMillis), [
    "–",
    "0.4 ms",
    "12 ms",
    "999 ms",
    "1.20 s",
    "15.0 s",
    "2 min",
  ]);
  assert.deepEqual([-5, 0, 59_000, 61_000, 7_200_000, 200_000_000].map(formatAge), [
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "2 h",
    "2 d",
  ]);
  assert.deepEqual([0, 9999, 10_000].map(formatCount), ["0", "9,999", "10.0k"]);
});
