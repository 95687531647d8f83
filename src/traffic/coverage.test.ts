import assert from "node:assert/strict";
import { test } from "node:test";
import { Coverage } from "./coverage.ts";

test("the window ends where the slowest source has told, and begins with the first", () => {
  const coverage = new Coverage();
  assert.deepEqual(coverage.window(50_000, 10), { from: 50, to: 50 });
  coverage.add("a", 100_000, 100_000);
  for (let at = 101_000; at <= 120_000; at += 1000) coverage.add("a", at - 1000, at);
  assert.deepEqual(coverage.window(120_400, 10), { from: 110, to: 120 });
  assert.deepEqual(coverage.window(120_400, 60), { from: 100, to: 120 });
  coverage.add("edge", 112_300, 117_300);
  assert.deepEqual(coverage.window(120_400, 10), { from: 107, to: 117 });
});

test("who is later than it was before is not waited for, and is again once it tells", () => {
  const coverage = new Coverage();
  coverage.add("a", 99_000, 100_000);
  coverage.add("edge", 95_000, 100_000);
  for (let at = 101_000; at <= 130_000; at += 1000) coverage.add("a", at - 1000, at);
  assert.equal(coverage.window(109_000, 10).to, 100);
  assert.equal(coverage.window(110_000, 10).to, 110);
  assert.equal(coverage.window(130_000, 10).to, 130);
  coverage.add("edge", 100_000, 128_000);
  assert.equal(coverage.window(130_000, 10).to, 128);
  coverage.forget("edge");
  assert.equal(coverage.window(130_000, 10).to, 130);
});

test("one that has told but once is waited for a while", () => {
  const coverage = new Coverage();
  coverage.add("edge", 100_000, 100_000);
  assert.equal(coverage.window(109_000, 10).to, 100);
  assert.equal(coverage.window(111_000, 10).to, 111);
});
