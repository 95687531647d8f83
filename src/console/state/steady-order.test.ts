import assert from "node:assert/strict";
import { test } from "node:test";
import {
  exactOrder,
  isClearlyBusier,
  isClearlyGreater,
  type Moves,
  movesNow,
  type RowOrder,
  steadyOrder,
} from "./steady-order.ts";

interface Row {
  readonly key: string;
  readonly rate: number;
}

const EXACT = exactOrder<Row>((a, b) => b.rate - a.rate);
const STEADY: RowOrder<Row> = { ...EXACT, overtakes: (row, other) => isClearlyGreater(row.rate, other.rate) };

function order(rates: Record<string, number>, before: string, moves: Moves, by = STEADY): string {
  const rows = Object.entries(rates).map(([key, rate]) => ({ key, rate }));
  return steadyOrder(rows, before.split(""), by, moves)
    .map(({ key }) => key)
    .join("");
}

test("rows move every two seconds at most, not under the reader, and at once when somebody sorts them", () => {
  const moves = (since: number, isBusy = false, isResorted = false): Moves => movesNow({ isResorted, isBusy, since });
  assert.deepEqual([moves(0), moves(1999), moves(2000), moves(9000)], ["stay", "stay", "drift", "drift"]);
  assert.equal(moves(-3_600_000), "drift");
  assert.equal(moves(9000, true), "stay");
  assert.equal(moves(0, true, true), "anew");
});

test("rows are sorted when somebody asks for it, and at the first time", () => {
  assert.equal(order({ a: 1, b: 3, c: 2 }, "abc", "anew"), "bca");
  for (const moves of ["stay", "drift"] as const) assert.equal(order({ a: 1, b: 3, c: 2 }, "", moves), "bca");
});

test("under the reader nothing changes places: new rows stand at the end, gone ones leave", () => {
  assert.equal(order({ a: 1, b: 3, c: 2 }, "axc", "stay"), "acb");
});

test("rows of like figures keep their places, and one that is clearly greater comes before all that it is greater than", () => {
  assert.equal(order({ a: 100, b: 110, c: 90 }, "abc", "drift"), "abc");
  assert.equal(order({ a: 100, b: 110, c: 130 }, "abc", "drift"), "cab");
  assert.equal(order({ a: 10, b: 100, c: 99 }, "abc", "drift"), "bca");
  assert.equal(order({ a: 100, b: 20, new: 50 }, "ab", "drift"), "anewb");
  assert.equal(order({ a: 100, b: 110 }, "ab", "drift", EXACT), "ba");
});

test("a list that slowly turns round ends in its order, and no row ever stands below one that it overtakes", () => {
  let before = "abcdefgh";
  for (let step = 0; step < 500; step++) {
    const rates = Object.fromEntries(
      "abcdefgh".split("").map((key, index) => [key, (step * step * 31 + index * 57) % 101]),
    );
    before = order(rates, before, "drift");
    const shown = before.split("").map((key) => rates[key] ?? 0);
    for (const [index, rate] of shown.entries())
      for (const above of shown.slice(0, index)) assert.ok(!isClearlyGreater(rate, above), shown.join(" "));
  }
});

test("two and three requests a second may be the same, counted for ten seconds; 200 and 300 are not", () => {
  assert.ok(!isClearlyBusier(3, 2, 10));
  assert.ok(isClearlyBusier(300, 200, 10));
  assert.ok(!isClearlyBusier(1050, 1000, 10));
  assert.ok(isClearlyBusier(5, 0, 10));
  assert.ok(!isClearlyBusier(2, 300, 10));
});

test("what has no latency is no greater than what has, and any share of failures is greater than none", () => {
  assert.ok(!isClearlyGreater(-1, -1));
  assert.ok(!isClearlyGreater(0, -1));
  assert.ok(isClearlyGreater(0.5, -1));
  assert.ok(isClearlyGreater(0.001, 0));
});
