import assert from "node:assert/strict";
import { test } from "node:test";
import { busiest } from "./busiest.ts";

const byAmount = (a: readonly [string, number], b: readonly [string, number]): number =>
  b[1] - a[1] || (a[0] < b[0] ? -1 : 1);

test("it is what sorting all of them begins with, in whatever order they come", () => {
  const items = Array.from({ length: 500 }, (_, index) => [`n${index}`, (index * 7919) % 97] as const);
  const sorted = items.toSorted(byAmount);
  for (const count of [0, 1, 10, 499, 500, 1000, Number.POSITIVE_INFINITY]) {
    for (const order of [items, sorted, sorted.toReversed()]) {
      assert.deepEqual(busiest(order, count, byAmount), sorted.slice(0, count), String(count));
    }
  }
});
