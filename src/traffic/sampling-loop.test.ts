import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowTable } from "./flows.ts";
import { RequestLoad } from "./request-load.ts";
import { Sampling } from "./sampling-loop.ts";
import type { Attention, Shares } from "./sampling.ts";

/** So many requests a second for some seconds, with entries under the shares of then and counters a second late. */
function run(
  phases: readonly (readonly [seconds: number, failed: number, others: number])[],
  attention: Attention = "watched",
) {
  const told: Shares[] = [];
  const sampling = new Sampling({ budget: 500, sampleShare: 1 }, (shares) => void told.push(shares));
  const requests = new RequestLoad();
  const flow = new FlowTable().flow("e1", "http", "h", "");
  const log: { readonly at: number; readonly entries: number; readonly shares: Shares }[] = [];
  let at = 0;
  // Envoy sends what it decided a flush ago.
  let sent = sampling.shares;
  for (const [seconds, failed, others] of phases) {
    for (let step = 0; step < seconds * 5; step++) {
      at += 200;
      const entries = { failures: (failed / 5) * sent.failures, sample: (others / 5) * sent.sample };
      sent = sampling.shares;
      sampling.add(at, entries);
      if (step % 5 === 4) {
        const deltas = [
          { flow, code: 500, flags: [], requests: failed },
          { flow, code: 200, flags: [], requests: others },
        ];
        requests.add("e", deltas, 1000);
      }
      sampling.step(at, requests, attention);
      log.push({ at, entries: (entries.failures + entries.sample) * 5, shares: sampling.shares });
    }
  }
  return { log, told, sampling };
}

test("a flood is within the budget after a second, and the share does not swing", () => {
  const { log } = run([
    [3, 0, 100],
    [10, 0, 20_000],
  ]);
  const flooded = log.filter(({ at }) => at > 4400);
  assert.ok(
    flooded.every(({ entries }) => entries < 80 && entries > 30),
    JSON.stringify(flooded.map(({ entries }) => Math.round(entries))),
  );
});

test("a lull of seconds is not followed by a flood", () => {
  const { log } = run([
    [5, 0, 20_000],
    [3, 0, 0],
    [3, 0, 20_000],
  ]);
  assert.ok(log.filter(({ at }) => at > 8000).every(({ entries }) => entries < 1200));
});

test("after a flood all is shown again within half a minute", () => {
  const { log } = run([
    [5, 0, 20_000],
    [29, 0, 40],
  ]);
  assert.equal(log.at(-1)?.shares.sample, 1);
});

test("failures stay whole while the budget allows it", () => {
  const { log } = run([
    [3, 0, 20_000],
    [5, 200, 20_000],
  ]);
  assert.ok(log.every(({ shares }) => shares.failures === 1));
  assert.ok((log.at(-1)?.entries ?? 0) < 700);
});

test("Envoy is told only what is worth telling", () => {
  const { told } = run([[60, 10, 3000]]);
  assert.ok(told.length < 8, `${told.length} times in a minute of steady load`);
});

test("a share of nothing by setting stays so", () => {
  const sampling = new Sampling({ budget: 500, sampleShare: 0 }, () => {});
  sampling.add(1, { failures: 0, sample: 0 });
  sampling.step(2, new RequestLoad(), "watched");
  assert.deepEqual([sampling.shares.sample, sampling.received], [0, 0]);
  assert.match(sampling.words, /nothing else/);
});
