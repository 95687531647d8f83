import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplianceClock } from "./appliance-clock.ts";

test("a machine whose clock is two hours slow reckons by the appliance's, also after it is put right", () => {
  let local = 1_000_000;
  const clock = new ApplianceClock(() => local);
  assert.equal(clock.now(), 1_000_000);
  clock.heard(8_200_000);
  local += 500;
  assert.deepEqual([clock.now(), clock.at(local + 1000)], [8_200_500, 8_201_500]);
  local += 7_200_000;
  clock.heard(8_201_000);
  assert.equal(clock.now(), 8_201_000);
});
