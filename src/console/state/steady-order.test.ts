import assert from "node:assert/strict";
import { test } from "node:test";
import { steadyOrder } from "./steady-order.ts";

interface Row {
  readonly key: string;
  readonly rate: number;
}

function order(rows: readonly Row[], before: readonly string[], mayMove: boolean): string {
  return steadyOrder(rows, before, (a, b) => b.rate - a.rate, mayMove)
    .map(({ key }) => key)
    .join("");
}

const ROWS = [
  { key: "a", rate: 1 },
  { key: "b", rate: 3 },
  { key: "c", rate: 2 },
];

test("rows are sorted when they may move, and at the first time", () => {
  assert.equal(order(ROWS, ["a", "b", "c"], true), "bca");
  assert.equal(order(ROWS, [], false), "bca");
});

test("under the reader nothing changes places: new rows stand at the end, gone ones leave", () => {
  assert.equal(order(ROWS, ["a", "x", "c"], false), "acb");
});
