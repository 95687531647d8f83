import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { Leadership, type Term } from "./leadership.ts";
import { ManualClock, settled } from "./manual-clock.ts";
import type { KubeObject } from "./resource-type.ts";
import { ScriptedClient } from "./scripted-client.ts";

const TIMES = { duration: 10_000, renewDeadline: 7000, retry: 1000 };

function away(): KubeError {
  return new KubeError("connection refused", { code: 0, reason: "Unreachable" });
}

/** A candidate whose API answers, or not; and the terms of its one duty. */
function candidate() {
  const state = { reachable: true };
  const client: KubeClient = Object.assign(new ScriptedClient(), {
    get: () => Promise.reject(state.reachable ? new KubeError("none", { code: 404, reason: "NotFound" }) : away()),
    create: (_type: unknown, lease: object) => Promise.resolve({ ...lease, kind: "Lease" } as KubeObject),
    replace: (_type: unknown, lease: KubeObject) => (state.reachable ? Promise.resolve(lease) : Promise.reject(away())),
  });
  const clock = new ManualClock();
  const lease = { namespace: "binnacle-system", name: "binnacle" };
  const leadership = new Leadership({ client, clock, lease, identity: "a", times: TIMES });
  const terms: Term[] = [];
  const ended: Term[] = [];
  let hold: Promise<void> = Promise.resolve();
  const duty = {
    lead: async (term: Term): Promise<void> => {
      terms.push(term);
      await new Promise<void>((resolve) => term.signal.addEventListener("abort", () => resolve(), { once: true }));
      await hold;
      ended.push(term);
    },
  };
  const stop = new AbortController();
  const ran = leadership.run([duty], stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await ran;
  };
  return { state, clock, leadership, terms, ended, end, holdEnds: (until: Promise<void>) => void (hold = until) };
}

test("a term begins with the election and ends with it, and no write may take longer than it surely lasts", async () => {
  const { state, clock, leadership, terms, ended, end } = candidate();
  await clock.pass(0);
  assert.equal(terms.length, 1);
  assert.deepEqual(leadership.state(), { leads: true, holder: "a", identity: "a" });
  assert.equal(terms[0]?.remaining, 7000);
  state.reachable = false;
  await clock.pass(5000);
  assert.equal(terms[0]?.remaining, 2000);
  await clock.pass(2001);
  assert.deepEqual([terms[0]?.signal.aborted, terms[0]?.remaining, ended.length], [true, 0, 1]);
  await end();
});

test("a term does not begin before the one before it is over", async () => {
  const { state, clock, terms, end, holdEnds } = candidate();
  await clock.pass(0);
  const { promise, resolve } = Promise.withResolvers<void>();
  holdEnds(promise);
  state.reachable = false;
  await clock.pass(9000);
  state.reachable = true;
  await clock.pass(2000);
  assert.equal(terms.length, 1, "the first has work to end");
  resolve();
  await settled();
  assert.equal(terms.length, 2);
  await end();
  assert.equal(terms[1]?.signal.aborted, true);
});
