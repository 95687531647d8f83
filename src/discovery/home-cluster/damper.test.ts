import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "#kubernetes/manual-clock.ts";
import { Damper } from "./damper.ts";

test("the first times are answered at once, then later and later, each for itself", () => {
  const damper = new Damper<string>(new ManualClock());
  const waits = Array.from({ length: 12 }, () => damper.next("a"));
  assert.deepEqual(waits, [0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  assert.equal(damper.next("b"), 0);
});

test("after a quiet time all is forgotten", async () => {
  const clock = new ManualClock();
  const damper = new Damper<string>(clock);
  for (let times = 0; times < 5; times++) damper.next("a");
  await clock.pass(120_001);
  assert.equal(damper.next("a"), 0);
});

test("what has been quiet is not remembered, and what has not is", async () => {
  const clock = new ManualClock();
  const damper = new Damper<string>(clock);
  const fight = Array.from({ length: 4 }, () => damper.next("fight"));
  assert.deepEqual(fight, [0, 0, 0, 1000]);
  for (let at = 0; at < 1000; at++) damper.next(`once ${at}`);
  await clock.pass(60_000);
  assert.equal(damper.next("fight"), 2000);
  await clock.pass(60_001);
  assert.equal(damper.next("other"), 0);
  assert.equal(damper.size, 2, "the thousand are gone");
  assert.equal(damper.next("fight"), 4000);
});
