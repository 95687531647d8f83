import assert from "node:assert/strict";
import { test } from "node:test";
import { type EntryForTests, entryForTests } from "./entry-for-tests.ts";
import { type AggregateSettings, TickAggregate } from "./tick-aggregate.ts";

const SETTINGS: AggregateSettings = {
  failures: 1,
  sample: 1,
  shown: 1,
  routeShares: new Map(),
  pins: [],
  slowThreshold: 1000,
  keepQueryValues: false,
  rows: 10,
};
const NOW = 1_000_050;
const PLENTY = { precious: 10, ordinary: 10 };

function aggregate(settings: Partial<AggregateSettings> = {}, random = () => 0.5) {
  const tick = new TickAggregate({ ...SETTINGS, ...settings }, random);
  const add = (log: "failures" | "sample", wishes: EntryForTests = {}) =>
    tick.add(entryForTests(wishes), log, "e1", NOW);
  return { tick, add };
}

function weight(buckets: ReadonlyMap<number, number>): number {
  return [...buckets.values()].reduce((sum, one) => sum + one, 0);
}

test("all entries are in the sums, by flow and second, as what they stand for", () => {
  const { tick, add } = aggregate({ sample: 0.1 });
  add("sample");
  add("sample", { duration: 13 });
  add("failures", { code: 503, flags: "UF", endpoint: undefined });
  add("sample", { start: 1_001_000 });
  const { received, flows, endpoints } = tick.take(PLENTY);
  assert.deepEqual(received, { failures: 1, sample: 3 });
  assert.deepEqual(
    flows.map(({ second, cluster, buckets }) => [second, cluster, weight(buckets)]),
    [
      [1000, "local/team-shop/cart/80", 21],
      [1001, "local/team-shop/cart/80", 10],
    ],
  );
  assert.deepEqual(
    endpoints.map(({ second, endpoint, buckets }) => [second, endpoint, weight(buckets)]),
    [
      [1000, "10.0.0.1:8080", 20],
      [1001, "10.0.0.1:8080", 10],
    ],
  );
  assert.deepEqual(Array.from(flows[0]!.phases.subarray(0, 2)), [21, 21], "each waited one millisecond");
});

test("an ordinary request of a route that has few of them logged stands for more; a failure for itself", () => {
  const route = "shop.localhost/Ingress/team-shop/shop/prefix /live";
  const { tick, add } = aggregate({ sample: 0.5, routeShares: new Map([[route, 0.25]]) });
  add("sample", { route });
  add("sample");
  add("failures", { route, code: 503, flags: "UF", endpoint: undefined });
  const { rows } = tick.take(PLENTY);
  assert.deepEqual(
    rows.map((row) => row.weight),
    [1, 8, 2],
  );
});

test("an endpoint's failures are the answers of 5xx, not the clients that left", () => {
  const { tick, add } = aggregate({ failures: 0.5 });
  add("failures", { code: 500 });
  add("failures", { code: 503, flags: "UC" });
  add("failures", { code: 0, flags: "DC" });
  add("sample", { code: 404 });
  assert.deepEqual(
    tick.take(PLENTY).endpoints.map(({ failed }) => failed),
    [4],
  );
});

test("what comes in both logs counts once", () => {
  const { tick, add } = aggregate();
  add("failures", { code: 404, flags: "NR" });
  add("sample", { code: 404, flags: "NR" });
  const { rows, received, flows } = tick.take(PLENTY);
  assert.deepEqual([rows.length, received.sample, flows.length], [1, 1, 1]);
});

test("rows say why they are shown", () => {
  const { tick, add } = aggregate({ pins: [{ client: "192.0.2.9" }, { host: "blog.localhost" }] });
  add("failures", { code: 500 });
  add("failures", { duration: 1500 });
  add("sample");
  add("sample", { client: "192.0.2.9" });
  add("failures", { code: 500, client: "192.0.2.9" });
  add("sample", { route: "blog.localhost/Ingress/b/b/r" });
  assert.deepEqual(
    tick.take(PLENTY).rows.map(({ kept }) => kept),
    ["failure", "slow", "pinned", "pinned", "pinned", "sample"],
  );
});

test("too many: failures have their own room, the oldest go, and are counted", () => {
  const { tick, add } = aggregate({ rows: 4 });
  for (let index = 0; index < 100; index++) add("sample", { requestId: `s${index}` });
  for (let index = 0; index < 3; index++) add("failures", { code: 500, requestId: `f${index}` });
  const { rows, dropped, received } = tick.take({ precious: 10, ordinary: 1 });
  assert.deepEqual(
    rows.map(({ requestId }) => requestId),
    ["f0", "f1", "f2", "s99"],
  );
  assert.deepEqual([dropped, received.sample], [99, 100]);
  for (let index = 0; index < 100; index++) add("failures", { code: 500, requestId: `f${index}` });
  const second = tick.take({ precious: 2, ordinary: 0 });
  assert.deepEqual(
    second.rows.map(({ requestId }) => requestId),
    ["f98", "f99"],
  );
  assert.equal(second.dropped, 98);
});

test("no row may pass: all are counted, none shown", () => {
  const { tick, add } = aggregate();
  add("sample");
  const { rows, dropped, flows } = tick.take({ precious: 0, ordinary: 0 });
  assert.deepEqual([rows.length, dropped, flows.length], [0, 1, 1]);
});

test("while something is pinned, only a part of the rest is shown, as what it then stands for", () => {
  let turn = 0;
  const { tick, add } = aggregate({ sample: 1, shown: 0.25 }, () => (turn++ % 4) / 4);
  for (let index = 0; index < 8; index++) add("sample");
  const { rows, flows } = tick.take(PLENTY);
  assert.deepEqual(
    rows.map(({ weight }) => weight),
    [4, 4],
  );
  assert.equal([...flows[0]!.buckets.values()][0], 8, "the sums hold all of them");
});

test("a clock that is wrong does not write into the past or the future", () => {
  const { tick, add } = aggregate();
  add("sample", { start: 5_000_000_000_000 });
  add("sample", { start: 0 });
  const { flows, newest } = tick.take(PLENTY);
  assert.deepEqual([flows.map(({ second }) => second), newest], [[1000], NOW]);
});

test("a batch begins anew", () => {
  const { tick, add } = aggregate();
  add("sample");
  tick.malformed();
  assert.equal(tick.take(PLENTY).malformed, 1);
  assert.equal(tick.isEmpty, true);
  assert.deepEqual(tick.take(PLENTY), {
    received: { failures: 0, sample: 0 },
    malformed: 0,
    dropped: 0,
    newest: undefined,
    flows: [],
    endpoints: [],
    gateways: [],
    rows: [],
  });
});
