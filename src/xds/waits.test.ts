import assert from "node:assert/strict";
import { test } from "node:test";
import { Waits } from "./waits.ts";

test("a wait is over once its time has passed, is asked about then, and begins anew after that", () => {
  let now = 0;
  let asked = 0;
  const timers = new Set<() => void>();
  const setTimer = (run: () => void): { cancel(): void } => {
    timers.add(run);
    return { cancel: () => void timers.delete(run) };
  };
  const waits = new Waits(
    () => now,
    setTimer,
    () => asked++,
  );
  assert.deepEqual([waits.isOver("a", 100), timers.size], [false, 1]);
  now = 99;
  assert.deepEqual([waits.isOver("a", 100), timers.size], [false, 1]);
  now = 100;
  for (const run of timers) run();
  assert.deepEqual([asked, waits.isOver("a", 100), timers.size], [1, true, 0]);
  assert.equal(waits.isOver("a", 100), false);
  waits.cancel("a");
  waits.cancel("never");
  now = 500;
  assert.equal(waits.isOver("a", 100), false);
  waits.close();
  assert.equal(timers.size, 0);
});

test("a timer that runs before the clock says so ends its wait: nothing else would ask again", () => {
  const answers: boolean[] = [];
  const timers: (() => void)[] = [];
  const waits = new Waits(
    () => 0,
    (run) => {
      timers.push(run);
      return { cancel: () => undefined };
    },
    () => answers.push(waits.isOver("a", 100)),
  );
  assert.equal(waits.isOver("a", 100), false);
  timers[0]?.();
  assert.deepEqual([answers, timers.length], [[true], 1]);
});

test("a wait that depends on others lasts as much longer; no longer than by itself once they are over", () => {
  let now = 0;
  const waits = new Waits(
    () => now,
    () => ({ cancel: () => {} }),
    () => {},
  );
  assert.equal(waits.isAfter("b", ["a"], 100), false);
  waits.isOver("a", 100);
  assert.equal(waits.isAfter("b", ["never", "a"], 100), true);
  assert.equal(waits.isAfter("c", ["a", "b"], 100), true);
  now = 100;
  assert.equal(waits.isOver("a", 100), true);
  assert.equal(waits.isOver("b", 100), false);
  // "b" was over before its time.
  waits.cancel("b");
  assert.equal(waits.isAfter("c", ["a", "b"], 100), false);
  assert.equal(waits.isOver("c", 100), false);
  now = 199;
  assert.equal(waits.isOver("c", 100), false);
  now = 200;
  assert.equal(waits.isOver("c", 100), true);
});
