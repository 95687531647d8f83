import assert from "node:assert/strict";
import { test } from "node:test";
import { type Flow, FlowTable } from "./flows.ts";

const ROUTE = "shop/Ingress/team-shop/shop/prefix /";

function table() {
  const clock = { now: 0 };
  return { clock, flows: new FlowTable({ stay: 100, now: () => clock.now }) };
}

function words(pairs: readonly (readonly [Flow, Flow])[]): readonly string[] {
  return pairs.map(([{ envoy, host }, into]) => `${envoy} ${host} > ${into.envoy} ${into.owner?.namespace}`);
}

test("flows are bounded: what is above is counted in one without a host", () => {
  const flows = new FlowTable({ most: 2 });
  const ids = ["a", "b", "c", "d", "a"].map((host) => flows.flow("e1", "http", host, "").id);
  assert.deepEqual(ids, [0, 1, 2, 2, 0]);
  assert.equal(flows.get(2)?.host, "");
});

test("a flow is there while one counter of it is, and a while longer", () => {
  const { flows, clock } = table();
  const flow = flows.flow("e1", "http", ROUTE, "local/team-shop/web/80");
  flows.count(flow);
  flows.count(flow);
  flows.uncount(flow);
  clock.now = 1000;
  assert.deepEqual(flows.forgetIdle(), []);
  flows.uncount(flow);
  clock.now = 1100;
  assert.deepEqual(flows.forgetIdle(), []);
  clock.now = 1101;
  assert.deepEqual(words(flows.forgetIdle()), ["e1 shop > e1 team-shop"]);
  assert.equal(flows.get(flow.id), undefined);
  assert.deepEqual(flows.forgetIdle(), []);
  assert.deepEqual(
    flows.all.map((found) => found?.isPast),
    [undefined, true],
  );
  assert.equal(flows.flow("e1", "http", "blog", "").id, flow.id, "numbers stay few");
});

test("one that is counted again stays, and one that is seen without being counted stays from then on", () => {
  const { flows, clock } = table();
  const counted = flows.flow("e1", "http", ROUTE, "a");
  const seen = flows.flow("e1", "http", ROUTE, "b");
  flows.count(counted);
  flows.uncount(counted);
  clock.now = 90;
  flows.count(counted);
  flows.flow("e1", "http", ROUTE, "b");
  clock.now = 150;
  assert.deepEqual(flows.forgetIdle(), []);
  clock.now = 191;
  assert.deepEqual(
    flows.forgetIdle().map(([{ id }]) => id),
    [seen.id],
  );
});

test("what was forgotten is added up by Envoy, listener and namespace, and of Envoys that are no more without them", () => {
  const { flows, clock } = table();
  for (const envoy of ["e1", "e2"]) for (const cluster of ["a", "b"]) flows.flow(envoy, "http", ROUTE, cluster);
  flows.flow("e1", "http", "", "");
  clock.now = 101;
  const pairs = flows.forgetIdle();
  assert.deepEqual(words(pairs), [
    "e1 shop > e1 team-shop",
    "e1 shop > e1 team-shop",
    "e2 shop > e2 team-shop",
    "e2 shop > e2 team-shop",
    "e1  > e1 undefined",
  ]);
  assert.equal(new Set(pairs.map(([, into]) => into)).size, 3);
  flows.ended("e1");
  clock.now = 300;
  assert.deepEqual(words(flows.forgetIdle()), ["e1   >  team-shop", "e1   >  undefined"]);
});
