import assert from "node:assert/strict";
import { test } from "node:test";
import { FailureLimit } from "./failure-limit.ts";

test("the tenth failure within a minute closes the door until the minute is over", () => {
  let now = 1000;
  const limit = new FailureLimit(() => now);
  for (let failure = 1; failure < 10; failure++) assert.equal(limit.fail("192.0.2.1"), false);
  assert.equal(limit.wait("192.0.2.1"), 0);
  assert.equal(limit.fail("192.0.2.1"), true);
  assert.equal(limit.wait("192.0.2.1"), 60_000);
  now = 60_999;
  assert.equal(limit.wait("192.0.2.1"), 1);
  now = 61_000;
  assert.equal(limit.wait("192.0.2.1"), 0);
  assert.equal(limit.fail("192.0.2.1"), false);
});

test("one address's failures are not another's", () => {
  const limit = new FailureLimit(() => 0);
  for (let failure = 0; failure < 20; failure++) limit.fail("192.0.2.1");
  assert.equal(limit.wait("192.0.2.2"), 0);
});

test("all addresses of one IPv6 network are one guesser, another network is another", () => {
  const limit = new FailureLimit(() => 0);
  for (let failure = 0; failure < 20; failure++) limit.fail(`2001:db8:0:7::${failure}`);
  for (const same of ["2001:db8:0:7::ffff", "2001:db8:0:7:1:2:3:4", "2001:db8::7:0:0:0:1"])
    assert.ok(limit.wait(same) > 0, same);
  for (const other of ["2001:db8:0:8::1", "2001:db8::1", "::1", "::ffff:192.0.2.1"])
    assert.equal(limit.wait(other), 0, other);
  for (let failure = 0; failure < 20; failure++) limit.fail("::ffff:192.0.2.1");
  assert.ok(limit.wait("192.0.2.1") > 0);
  assert.equal(limit.wait("::ffff:192.0.2.2"), 0);
});

test("memory is bounded: ten thousand other addresses make room by forgetting the first", () => {
  const limit = new FailureLimit(() => 0);
  for (let failure = 0; failure < 20; failure++) limit.fail("192.0.2.1");
  for (let address = 0; address < 10_000; address++) limit.fail(`2001:db8:0:${address}::1`);
  assert.equal(limit.wait("192.0.2.1"), 0);
});
