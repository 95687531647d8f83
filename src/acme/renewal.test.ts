import assert from "node:assert/strict";
import { test } from "node:test";
import { RETRY_TIMES, renewalTime, retryDelay } from "./renewal.ts";

const DAY = 86_400_000;

test("a certificate is renewed some days before its end, a short-lived one when a third is left, at most a tenth earlier", () => {
  for (const name of ["team/a", "team/b", "team/c"]) {
    const long = renewalTime({ notBefore: 0, notAfter: 90 * DAY }, 30 * DAY, name);
    assert.ok(long <= 60 * DAY && long >= 57 * DAY, `${long / DAY}`);
    const short = renewalTime({ notBefore: 0, notAfter: 6 * DAY }, 30 * DAY, name);
    assert.ok(short <= 4 * DAY && short >= 3.8 * DAY, `${short / DAY}`);
  }
});

test("what came together does not go together, and each asks at the same time again", () => {
  const at = (name: string): number => renewalTime({ notBefore: 0, notAfter: 90 * DAY }, 30 * DAY, name);
  const names = Array.from({ length: 100 }, (_, index) => `team/host-${index}`);
  assert.equal(new Set(names.map(at)).size, 100);
  assert.equal(at("team/a"), at("team/a"));
});

test("waits double up to a bound, by the kind of failure, and never fall short of what the server asks", () => {
  const waits = [1, 2, 3, 20].map((failures) => retryDelay("challenge", failures, 0, RETRY_TIMES, 0) / 60_000);
  assert.deepEqual(waits, [5, 10, 20, 720]);
  assert.equal(retryDelay("unreachable", 1, 0, RETRY_TIMES, 1), 37_500);
  assert.equal(retryDelay("rateLimited", 1, 7 * DAY, RETRY_TIMES, 0), 7 * DAY);
});

test("five failed validations of a host within an hour, Let's Encrypt's limit, are never reached", () => {
  const waits = [1, 2, 3, 4].map((failures) => retryDelay("challenge", failures, 0, RETRY_TIMES, 0));
  assert.ok(waits.reduce((sum, wait) => sum + wait, 0) > 3_600_000);
});
