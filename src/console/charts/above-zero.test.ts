import assert from "node:assert/strict";
import { test } from "node:test";
import { aboveZero } from "./above-zero.ts";

test("where nothing is counted there is no line, and one that is counted stands on the ground", () => {
  assert.deepEqual(aboveZero([0, 0, 0]), [null, null, null]);
  assert.deepEqual(aboveZero([0, 0, 3, 0, 0]), [null, 0, 3, 0, null]);
  assert.deepEqual(aboveZero([2, 0, 0, 0, 1]), [2, 0, null, 0, 1]);
  assert.deepEqual(aboveZero([1, 0, 1]), [1, 0, 1]);
  assert.deepEqual(aboveZero([]), []);
});
