import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatAge,
  formatBytes,
  formatClock,
  formatCount,
  formatMillis,
  formatMoment,
  formatRate,
  formatShare,
} from "./format.ts";

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
  assert.deepEqual([undefined, 0, 0.04, 0.42, 12.4, 999.4, 1200, 15_000, 120_000, 7_200_000].map(formatMillis), [
    "–",
    "0 ms",
    "<0.1 ms",
    "0.4 ms",
    "12 ms",
    "999 ms",
    "1.20 s",
    "15.0 s",
    "2.0 min",
    "2.0 h",
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

test("a figure that is rounded up takes the next form: there is no 100.0, no 1000k and no 60.0 s", () => {
  assert.deepEqual([99.96, 9999.7, 99_960, 999_700, 99_960_000, 12_345_678_901].map(formatRate), [
    "100",
    "10.0k",
    "100k",
    "1.0M",
    "100M",
    "12.3G",
  ]);
  assert.equal(formatShare(0.0996), "10%");
  assert.deepEqual([0.96, 999.6, 9996, 59_960, 3_599_000].map(formatMillis), [
    "1 ms",
    "1.00 s",
    "10.0 s",
    "1.0 min",
    "1.0 h",
  ]);
  assert.deepEqual([0, 0.333_333, 999.7, 51_200, 999_960, 5e12].map(formatBytes), [
    "0 B",
    "0 B",
    "1.0 kB",
    "51.2 kB",
    "1.0 MB",
    "5.0 TB",
  ]);
});

test("a moment has its date and its distance from UTC, whatever the browser's language", () => {
  const moment = Date.UTC(2026, 0, 5, 12, 3, 7, 219);
  const text = formatMoment(moment);
  // Its day is another one where the clocks are far enough from UTC.
  assert.match(text, /^2026-01-0[456] \d\d:\d\d:07\.21 [+-]\d\d:\d\d$/);
  assert.equal(Date.parse(text.replace(" ", "T").replace(" ", "")), moment - 9);
  assert.equal(formatClock(moment, moment + 1), text.slice(11, 19));
  assert.equal(formatClock(moment, moment + 86_400_000 * 2), text.slice(0, 19));
});
