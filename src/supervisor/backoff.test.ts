import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffDelay, DEFAULT_BACKOFF } from "./backoff.ts";

test("pauses double up to the bound", () => {
  const longest = [1, 2, 3, 4, 9, 100, 5000].map((attempt) => backoffDelay(attempt, DEFAULT_BACKOFF, 1));
  assert.deepEqual(longest, [200, 400, 800, 1600, 30_000, 30_000, 30_000]);
});

test("chance moves a pause between its half and its whole", () => {
  const bounds = [0, 0.5, 1].map((random) => backoffDelay(3, DEFAULT_BACKOFF, random));
  assert.deepEqual(bounds, [400, 600, 800]);
});
