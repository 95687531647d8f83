import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { NoCache } from "#discovery/cache.ts";
import { StorePlacer } from "#discovery/store-placer.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { ScriptedClient } from "#kubernetes/scripted-client.ts";
import { silentLogger } from "#lib/log.ts";
import { RecordingSink } from "#sources/recording-sink.ts";
import { FollowedBackends } from "./followed-backends.ts";
import { SecretBackends } from "./secret-backends.ts";

/** Nobody answers there: what the cluster has is no part of this. */
const KUBECONFIG = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "east",
  clusters: [{ name: "east", cluster: { server: "http://127.0.0.1:1" } }],
  users: [{ name: "east", user: { token: "t" } }],
  contexts: [{ name: "east", context: { cluster: "east", user: "east" } }],
});
const SECONDS = 1000;

const secret = (resourceVersion: string, address: string): KubeObject => ({
  metadata: { namespace: "binnacle-system", name: "east", uid: "1", resourceVersion },
  data: {
    kubeconfig: Buffer.from(KUBECONFIG).toString("base64"),
    settings: Buffer.from(`gateway: {address: "${address}"}`).toString("base64"),
  },
});

/** The Secrets of a home cluster that a test writes, and what gateways they come to, with a clock of the test's own. */
async function world(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const client = new ScriptedClient();
  client.answerList = () => ({ resourceVersion: "1", items: [secret("1", "192.0.2.1:3128")] });
  const told: string[] = [];
  const followed = new FollowedBackends({
    placer: new StorePlacer({
      sink: new RecordingSink(),
      originOf: () => undefined,
      takenOver: () => ({ labels: [], annotations: [] }),
    }),
    cache: new NoCache(),
    refuse: () => undefined,
    metrics: { begins: () => {}, synced: () => {}, failed: () => {}, requested: () => {} },
    log: silentLogger,
  });
  const backends = new SecretBackends({
    cluster: { client, namespace: "binnacle-system" },
    followed,
    gateways: {
      set: (backend, gateway) => {
        told.push(`${backend} ${gateway?.address ?? "directly"}`);
        return undefined;
      },
    },
    configured: new Set(),
    onSettings: () => {},
    log: silentLogger,
  });
  const stop = new AbortController();
  const run = backends.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await run;
    await followed[Symbol.asyncDispose]();
  });
  const isRemoved = (): boolean => followed.get("east")?.status().goneAt !== undefined;
  /** Turns of the event loop, which the clock is no part of. */
  const until = async (is: () => boolean): Promise<void> => {
    while (!is()) await new Promise(setImmediate);
  };
  await backends.listed;
  return { client, told, until, isRemoved, pass: (millis: number) => t.mock.timers.tick(millis) };
}

test("the gateway of a deleted backend goes with its key when its endpoints have drained and Envoy's clusters are gone", async (t) => {
  const { client, told, until, isRemoved, pass } = await world(t);
  assert.deepEqual(told, ["east 192.0.2.1:3128"]);
  client.watching.send("DELETED", secret("2", "192.0.2.1:3128"));
  await until(isRemoved);
  pass(40 * SECONDS - 1);
  assert.equal(told.length, 1, "what drains is reached through it");
  pass(1);
  assert.deepEqual(told, ["east 192.0.2.1:3128", "east directly"]);
});

test("the gateway of a backend that is back stays", async (t) => {
  const { client, told, until, isRemoved, pass } = await world(t);
  client.watching.send("DELETED", secret("2", "192.0.2.1:3128"));
  await until(isRemoved);
  pass(35 * SECONDS);
  client.watching.send("ADDED", secret("3", "192.0.2.2:3128"));
  await until(() => told.length === 2 && !isRemoved());
  pass(60 * SECONDS);
  assert.deepEqual(told, ["east 192.0.2.1:3128", "east 192.0.2.2:3128"]);
});
