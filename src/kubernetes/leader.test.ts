import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { LeaderElection } from "./leader.ts";
import { ManualClock } from "./manual-clock.ts";
import type { KubeObject } from "./resource-type.ts";
import { ScriptedClient } from "./scripted-client.ts";

/** Timers as a real machine has them: a moment before their time. */
class HastyClock extends ManualClock {
  override schedule(callback: () => void, milliseconds: number): () => void {
    return super.schedule(callback, milliseconds > 1 ? milliseconds - 0.5 : milliseconds);
  }
}

test("a leader that is cut off says that it ends, also when its timer fires too early", async () => {
  const away = new KubeError("connection refused", { code: 0, reason: "Unreachable" });
  let reachable = true;
  const client: KubeClient = Object.assign(new ScriptedClient(), {
    get: () => Promise.reject(reachable ? new KubeError("none", { code: 404, reason: "NotFound" }) : away),
    create: (_type: unknown, lease: object) => Promise.resolve({ ...lease, kind: "Lease" } as KubeObject),
    replace: (_type: unknown, lease: KubeObject) => (reachable ? Promise.resolve(lease) : Promise.reject(away)),
  });
  const changes: boolean[] = [];
  const clock = new HastyClock();
  const election = new LeaderElection({
    client,
    clock,
    lease: { namespace: "default", name: "binnacle" },
    identity: "a",
    times: { duration: 10_000, renewDeadline: 7000, retry: 300 },
    onChange: (leads) => void changes.push(leads),
  });
  const stop = new AbortController();
  const ran = election.run(stop.signal);
  await clock.pass(1000);
  assert.deepEqual(changes, [true]);
  reachable = false;
  await clock.pass(8000);
  assert.deepEqual([election.leads, changes], [false, [true, false]]);
  stop.abort();
  await ran;
});
