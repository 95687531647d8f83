import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "./retry-after.ts";

test("seconds, a date, and what is neither", () => {
  const now = Date.UTC(2026, 0, 1);
  const cases: [unknown, number][] = [
    ["120", 120_000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", 0],
    [undefined, 0],
  ];
  for (const [header, expected] of cases) assert.equal(retryAfter(header, now), expected, String(header));
});
