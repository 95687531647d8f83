import assert from "node:assert/strict";
import { test } from "node:test";
import { Allowance } from "./allowance.ts";

test("so many pass at once, then so many a second, and it says how long the next has to wait", () => {
  const allowance = new Allowance(2, 1000, 3);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => allowance.take(1000)),
    [true, true, true, false],
  );
  assert.equal(allowance.wait(1000), 500);
  assert.deepEqual([allowance.take(1250), allowance.wait(1250)], [false, 250]);
  assert.deepEqual([allowance.wait(1500), allowance.take(1500), allowance.take(1500)], [0, true, false]);
  assert.equal(allowance.available(100_000), 3, "no more is saved up");
});

test("a clock that was set back gives nothing and takes nothing", () => {
  const allowance = new Allowance(1, 10_000);
  assert.equal(allowance.take(10_000), true);
  assert.equal(allowance.take(1000), false);
  assert.equal(allowance.take(2000), true);
});
