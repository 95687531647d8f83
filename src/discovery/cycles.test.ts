import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { suite, test } from "node:test";
import { type Cycle, readScopes, runCycles } from "./cycles.ts";
import type { DiscoveryReport } from "./discoverer.ts";
import { PlatformError } from "./platform-error.ts";

const never = new AbortController().signal;
const report: DiscoveryReport = {
  reported: () => [],
  full() {},
  changed() {},
  inStep() {},
  failed() {},
  problems() {},
};
const throttled = (retryAfter: number) => new PlatformError("too many", { kind: "throttled", retryAfter });

/** How often a platform is asked within some turns of the event loop, of which each is longer than its usual pause. */
async function asks(cycle: () => Promise<Cycle>): Promise<number> {
  const stop = new AbortController();
  let count = 0;
  const times = { interval: 0, retry: { least: 0, most: 0 } };
  const counted = (): Promise<Cycle> => {
    count += 1;
    return cycle();
  };
  const run = runCycles(counted, times, {}, report, stop.signal);
  // As many turns of timers as a cycle without a pause needs for several rounds.
  for (let turns = 0; turns < 20; turns++) await setTimeout(1);
  stop.abort();
  await run;
  return count;
}

suite("a platform that is asked again and again", () => {
  test("and wants to be left alone is asked when it said, whether all of it says so or a part", async () => {
    const whole: Cycle = { services: [], unread: [], problems: [] };
    assert.ok((await asks(() => Promise.resolve(whole))) > 2);
    assert.equal(await asks(() => Promise.reject(throttled(3_600_000))), 1);
    assert.equal(await asks(() => Promise.resolve({ ...whole, retryAfter: 3_600_000 })), 1);
  });

  test("and asks for more than anybody waits is asked after ten minutes", async () => {
    const scopes = [
      { id: "a", words: "project a", read: () => Promise.resolve({ services: [], problems: [] }) },
      { id: "b", words: "project b", read: () => Promise.reject(throttled(30_000)) },
      { id: "c", words: "project c", read: () => Promise.reject(throttled(1e12)) },
    ];
    const { unread, retryAfter } = await readScopes(scopes, {}, never);
    assert.deepEqual([unread, retryAfter], [["b", "c"], 600_000]);
    assert.equal((await readScopes(scopes.slice(0, 2), {}, never)).retryAfter, 30_000);
  });
});
