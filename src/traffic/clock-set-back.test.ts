import assert from "node:assert/strict";
import { test } from "node:test";
import { CART_OK, frame, world } from "./core-for-tests.ts";
import { RequestLoad } from "./request-load.ts";
import { Sampling } from "./sampling-loop.ts";

test("a clock that is set back by hours stops neither rates nor columns, and totals stay exact", () => {
  const { clock, count, second, connect } = world();
  clock.now += 36_000_000;
  const view = connect();
  for (let at = 0; at < 15; at++) {
    count({ [CART_OK]: 5 });
    second();
  }
  clock.now -= 7_200_000;
  for (let at = 0; at < 15; at++) {
    count({ [CART_OK]: 5 });
    second();
  }
  view.session.receive('{"type":"subscribe"}');
  const { totals, columns = [] } = frame(view.last());
  assert.equal(totals?.counts.requests, 150);
  assert.equal(totals?.rates.perSecond, 5);
  assert.ok(columns.filter(({ requests }) => requests === 5).length >= 10, JSON.stringify(columns));
});

test("shares that a flood had lowered rise again after the clock was set back", () => {
  const sampling = new Sampling({ budget: 500, sampleShare: 1 }, () => {});
  const load = new RequestLoad();
  let now = 10_000_000;
  sampling.add(now, { failures: 50_000, sample: 0 });
  sampling.step(now, load, "watched");
  assert.ok(sampling.shares.failures < 0.1);
  now -= 7_200_000;
  for (let at = 0; at < 60; at++) sampling.step((now += 1000), load, "watched");
  assert.deepEqual([sampling.shares.failures, sampling.received], [1, 0]);
});
