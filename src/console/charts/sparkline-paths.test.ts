import assert from "node:assert/strict";
import { test } from "node:test";
import { sparklinePaths } from "./sparkline-paths.ts";

const SIZE = { width: 40, height: 12, capacity: 5 };

test("the greatest value touches the top, and a line that has just begun stands at the right", () => {
  assert.deepEqual(sparklinePaths([1, 2], SIZE), {
    area: "M30.0,11L30.0,6.0L40.0,1.0L40,11Z",
    line: "M30.0,6.0L40.0,1.0",
    zero: "",
  });
  assert.deepEqual(sparklinePaths([7], SIZE), { area: "", line: "", zero: "" });
});

test("what lies along zero is told apart from the line, and where nothing was counted there is no line", () => {
  const { line, zero } = sparklinePaths([0, 0, 4, 0, 0], SIZE);
  assert.equal(line, "M10.0,11.0L20.0,1.0L30.0,11.0");
  assert.equal(zero, "M0.0,11.0L10.0,11.0M30.0,11.0L40.0,11.0");
  assert.equal(sparklinePaths([0, 0, 0], SIZE).line, "");
});
