import assert from "node:assert/strict";
import { test } from "node:test";
import { PollInterval } from "./poll-pace.ts";

const PACE = { share: 0.05, shortest: 1000, longest: 10_000 };

function after(...took: readonly number[]): number {
  const pace = new PollInterval(PACE);
  for (const milliseconds of took) pace.add(milliseconds);
  return pace.interval;
}

test("an answer takes at most its share of the time", () => {
  assert.equal(after(), 1000);
  assert.equal(after(10, 10, 10), 1000);
  assert.equal(after(100, 100, 100), 2000);
  assert.equal(after(5000), 10_000);
});

test("one answer out of the row changes nothing; a lasting change does", () => {
  assert.equal(after(10, 10, 900, 10, 10), 1000);
  assert.equal(after(10, 10, 100, 100, 100), 2000);
  assert.equal(after(200, 200, 10, 10, 10), 1000);
});
