import assert from "node:assert/strict";
import { test } from "node:test";
import { CounterLedger } from "./counter-ledger.ts";
import { FlowTable } from "./flows.ts";
import { RemoteEnvoys } from "./remote-envoys.ts";
import type { EnvoyReport } from "./totals-differ.ts";

const OK = "binnacle.requests.request.200 - local/a/b/80 http h";

function world(local = "here") {
  const ledger = new CounterLedger(new FlowTable());
  const seen = {
    requests: 0,
    said: [] as string[],
    silent: [] as string[],
    lost: [] as string[],
    spans: [] as (readonly [number, number])[],
  };
  const envoys = new RemoteEnvoys({
    onCounters: (reading, from, to) => {
      const { deltas, first } = ledger.apply(reading);
      if (!first) seen.spans.push([from, to]);
      for (const { requests } of deltas) seen.requests += requests;
    },
    onMemberships: () => {},
    onSilent: (envoy) => void seen.silent.push(envoy),
    onLost: (source) => void seen.lost.push(source),
    onEnded: (source) => ledger.forget(source),
    isLocal: (envoy) => envoy === local,
    say: (severity, text) => void seen.said.push(`${severity}: ${text}`),
  });
  const report = (now: number, began: number, requests: number, more: Partial<EnvoyReport> = {}) => {
    const nothing = { gone: [], memberships: [], goneClusters: [] };
    envoys.take(
      { envoy: "edge-1", began, fresh: false, changed: [[OK, requests]], ...nothing, ...more },
      "10.0.0.7:4321",
      now,
    );
    return seen.requests;
  };
  return { envoys, seen, report };
}

test("reports are absolute: one that is lost or comes again changes nothing", () => {
  const { report, seen } = world();
  assert.equal(report(5000, 100, 10), 10);
  assert.equal(report(10_000, 100, 25), 25);
  assert.equal(report(10_001, 100, 25), 25);
  assert.equal(report(30_000, 101, 40), 40, "a beginning that comes out a second off is the same process");
  assert.deepEqual(seen.spans.at(-1), [10_001, 30_000]);
  assert.deepEqual(seen.said, []);
});

test("a restart counts on, in the time since the last report of the process before", () => {
  const { report, seen } = world();
  report(5000, 100, 10);
  report(10_000, 100, 20);
  assert.equal(report(17_000, 114, 20), 40, "as many as before, and each of them another");
  assert.deepEqual(seen.spans.at(-1), [10_000, 17_000]);
  assert.deepEqual(seen.said, ["warning: Envoy edge-1 was restarted"]);
  assert.deepEqual(seen.lost, ["edge-1 since 100"], "nobody waits for the one before");
  assert.equal(report(22_000, 114, 21), 41);
});

test("two of one node id are both counted, however they take turns, and complained of once", () => {
  const { report, seen } = world();
  for (let turn = 1; turn <= 5; turn++) {
    report(turn * 5000, 100, turn * 10);
    report(turn * 5000 + 2000, 200, turn * 3);
  }
  assert.equal(seen.requests, 65);
  assert.equal(
    seen.said.filter((text) => text.includes("Two Envoys call themselves edge-1 (10.0.0.7:4321)")).length,
    1,
  );
});

test("a crash loop is bounded: who was taken for ended is not counted again", () => {
  const { report, seen } = world();
  for (let start = 0; start < 50; start++) report(start * 5000, 100 + start * 5, 1);
  assert.equal(seen.requests, 50);
  report(300_000, 100, 1);
  assert.equal(seen.requests, 50);
});

test("silence is noticed once, its end too, and nothing is counted twice by it", () => {
  const { envoys, report, seen } = world();
  report(5000, 100, 10);
  report(10_000, 100, 20);
  assert.deepEqual(envoys.list(10_000), [{ id: "edge-1", reachable: true, interval: 5000 }]);
  for (const now of [29_000, 31_000, 32_000]) envoys.tick(now);
  assert.deepEqual([seen.silent, seen.lost], [["edge-1"], ["edge-1 since 100"]]);
  assert.equal(envoys.list(32_000)[0]?.reachable, false);
  assert.deepEqual(envoys.list(4_000_000), [], "after an hour it is no longer listed");
  assert.equal(report(4_000_000, 100, 30), 30);
  assert.deepEqual(seen.said, [
    "error: Envoy edge-1 is silent: no totals from 10.0.0.7:4321 for 20 s",
    "info: Envoy edge-1 is heard of again",
  ]);
});

test("one that calls itself as the Envoy of this machine is complained of", () => {
  const { report, seen } = world("edge-1");
  assert.equal(report(5000, 100, 10), 10);
  assert.match(seen.said[0] ?? "", /^error: An Envoy calls itself edge-1 as the one here does \(10\.0\.0\.7/);
});
