import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attention, nextShares, samplingWords, type SamplingPolicy, type Shares, shownPart } from "./sampling.ts";

const POLICY: SamplingPolicy = { budget: 500, sampleShare: 1, pinnedBudget: 20_000 };
const ALL: Shares = { failures: 1, sample: 1, latency: 1 };

/** The steps under a steady load. */
function settle(
  shares: Shares,
  failures: number,
  others: number,
  attention: Attention = "watched",
  policy = POLICY,
): readonly Shares[] {
  const steps: Shares[] = [];
  for (let second = 0; second < 60; second++) {
    shares = nextShares(shares, { failures, others }, policy, attention);
    steps.push(shares);
  }
  return steps;
}

function entries({ failures, sample }: Shares, failed: number, others: number): number {
  return failures * failed + sample * others;
}

test("few requests are all shown", () => {
  assert.equal(settle(ALL, 10, 50).at(-1), ALL);
});

test("a flood is within the sample's part of the budget at the first step, and stays there", () => {
  for (const shares of settle(ALL, 0, 20_000)) {
    assert.equal(shares.failures, 1);
    assert.ok(Math.abs(entries(shares, 0, 20_000) - 50) < 6);
  }
});

test("failures are whole until they need more than the budget, and never take the sample's last part", () => {
  const some = settle(ALL, 300, 20_000).at(-1)!;
  assert.equal(some.failures, 1);
  assert.ok(entries(some, 300, 20_000) <= 550);
  const many = settle(ALL, 10_000, 10_000).at(-1)!;
  assert.ok(many.failures < 0.05 && many.failures > 0.03);
  assert.ok(many.sample * 10_000 >= 45, "a tenth of the budget is the sample's");
});

test("after a flood the share rises by steps, up to all", () => {
  const steps = settle({ ...ALL, sample: 0.001 }, 0, 50);
  assert.ok(steps[0]!.sample <= 0.00125);
  assert.equal(steps.at(-1)!.sample, 1);
});

test("a share of nothing rises again", () => {
  assert.ok(settle({ ...ALL, failures: 0, sample: 0 }, 100, 100).at(-1)!.failures === 1);
});

test("while nobody looks little is sent of the ordinary, and failures are whole as ever", () => {
  const unseen = settle(ALL, 300, 20_000, "none").at(-1)!;
  assert.equal(unseen.failures, 1);
  assert.ok(Math.abs(unseen.sample * 20_000 - 25) < 3);
  assert.equal(settle(ALL, 0, 20, "none").at(-1)!.sample, 1);
});

test("durations are measured of all requests, and of five hundred a second when there are more", () => {
  assert.equal(settle(ALL, 100, 400).at(-1)!.latency, 1);
  assert.ok(Math.abs(settle(ALL, 100, 20_000).at(-1)!.latency * 20_100 - 500) < 60);
});

test("small changes are not told", () => {
  const shares = { failures: 1, sample: 0.0025, latency: 0.025 };
  assert.equal(nextShares(shares, { failures: 0, others: 20_800 }, POLICY, "watched"), shares);
});

test("never more than the sample's share by setting, except while something is pinned", () => {
  const policy = { ...POLICY, sampleShare: 0.05 };
  const [first] = settle(ALL, 0, 100, "watched", policy);
  assert.equal(first?.sample, 0.05);
  assert.equal(settle({ ...ALL, sample: 0.05 }, 0, 100, "pinned", policy).at(-1)!.sample, 1);
});

test("what is pinned comes in at once, however little came in before", () => {
  const few: Shares = { failures: 1, sample: 0.01, latency: 1 };
  assert.equal(nextShares(few, { failures: 0, others: 3 }, POLICY, "pinned").sample, 1);
  assert.ok(nextShares(few, { failures: 0, others: 3 }, POLICY, "watched").sample < 0.02);
});

test("while something is pinned more comes in, and no more of the rest is shown", () => {
  const pinned = settle(ALL, 0, 10_000, "pinned").at(-1)!;
  assert.equal(pinned.sample, 1);
  const load = { failures: 0, others: 10_000 };
  assert.ok(Math.abs(shownPart(pinned, load, POLICY) - 0.005) < 0.0003);
  assert.equal(shownPart({ ...ALL, sample: 0.005 }, load, POLICY), 1);
});

test("it is said in words", () => {
  assert.equal(samplingWords(ALL), "showing all requests");
  assert.equal(
    samplingWords({ failures: 1, sample: 0.05 }),
    "showing all failures and slow requests, 1 in 20 of the others; totals exact",
  );
  assert.equal(
    samplingWords({ failures: 0.4, sample: 0.001 }),
    "showing 1 in 2.5 of the failures and slow requests, 1 in 1000 of the others; totals exact",
  );
});
