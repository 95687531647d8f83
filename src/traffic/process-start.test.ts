import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessStart } from "./process-start.ts";

function page(age: number): Uint8Array {
  return Buffer.from(`{"version":"x","uptime_current_epoch": "${age}s","uptime_all_epochs":"900s"}`);
}

/** Answers of processes that began at the given times, asked for at others; 5 ms each. */
function another(asks: readonly (readonly [began: number, asked: number])[]): readonly boolean[] {
  const start = new ProcessStart();
  return asks.map(([began, asked]) => start.isAnother(page(Math.floor((asked + 2 - began) / 1000)), asked, asked + 5));
}

test("one process stays the same, however its age is rounded", () => {
  const asks = Array.from({ length: 200 }, (_, index) => [300, 900 + index * 1037] as const);
  assert.ok(another(asks).every((verdict) => !verdict));
});

test("a process that began a second after the last one was first seen is another", () => {
  assert.deepEqual(
    another([
      [0, 100],
      [0, 1100],
      [1300, 2100],
      [1300, 3100],
      [3300, 4100],
    ]),
    [false, false, true, false, true],
  );
});

test("a restart that takes long is one restart", () => {
  assert.deepEqual(
    another([
      [0, 5000],
      [60_000, 61_000],
      [60_000, 62_000],
    ]),
    [false, true, false],
  );
});

test("a page without an age is refused", () => {
  assert.throws(() => new ProcessStart().isAnother(Buffer.from("{}"), 0, 1), /uptime_current_epoch/);
});
