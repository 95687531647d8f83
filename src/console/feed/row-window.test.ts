import assert from "node:assert/strict";
import { test } from "node:test";
import { GAP_HEIGHT, ROW_HEIGHT, rowHeight, rowOffsets, rowsBetween, topOf, WHY_HEIGHT } from "./row-window.ts";
import { testRow } from "./test-rows.ts";

const WHY = { summary: "s", detail: "d", nextStep: "n", side: "upstream" } as const;
const ROWS = [testRow(1), testRow(2, { why: WHY }), testRow(3), testRow(4, { why: WHY })];
const GAPS = new Set([2, 3]);

test("the newest is on top, and rows follow each other without a gap", () => {
  const offsets = rowOffsets(ROWS, GAPS);
  assert.equal(offsets.height, 4 * ROW_HEIGHT + 2 * WHY_HEIGHT + 2 * GAP_HEIGHT);
  let top = 0;
  for (let index = ROWS.length - 1; index >= 0; index--) {
    assert.equal(topOf(offsets, index), top);
    top += rowHeight(ROWS[index]!, GAPS);
  }
});

test("exactly the rows in sight are drawn, wherever the window stands", () => {
  const offsets = rowOffsets(ROWS, GAPS);
  for (let from = -60; from < offsets.height + 60; from++) {
    const to = from + 40;
    const { first, end } = rowsBetween(offsets, from, to);
    const seen = ROWS.flatMap((row, index) => {
      const top = topOf(offsets, index);
      return top < to && top + rowHeight(row, GAPS) > from ? [index] : [];
    });
    for (const index of seen) assert.ok(first <= index && index < end, `row ${index} of ${from}: ${first} to ${end}`);
    assert.ok(end - first <= seen.length + 2, `${from}: ${first} to ${end} for ${seen.join(",")}`);
  }
});

test("no rows have no height and nothing in sight", () => {
  const offsets = rowOffsets([], GAPS);
  assert.equal(offsets.height, 0);
  const { first, end } = rowsBetween(offsets, 0, 500);
  assert.ok(first >= end);
});
