import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "./backoff.ts";

test("the wait doubles up to fifteen seconds, and its upper half is spread", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 20].map((attempt) => backoff(attempt, 1)),
    [500, 1000, 2000, 4000, 8000, 15_000, 15_000],
  );
  assert.equal(backoff(6, 0), 7500);
});
