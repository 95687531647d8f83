import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient } from "#kubernetes/client.ts";
import { KubeError } from "#kubernetes/kube-error.ts";
import { ManualClock } from "#kubernetes/manual-clock.ts";
import { RateLimiter } from "#kubernetes/rate-limit.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { ScriptedClient } from "#kubernetes/scripted-client.ts";
import { silentLogger } from "#lib/log.ts";
import { desiredObjects } from "../desired.ts";
import { discovered } from "../discovered-for-tests.ts";
import { ClusterPlacer } from "./cluster-placer.ts";

// What a real API server can't be made to show in a moment; the rest is in test/kubernetes/home-placer.test.ts.

const SERVICE = { kind: "Service", namespace: "team-shop", name: "east-cart" } as const;
const takenOver = { labels: [], annotations: [] };

/** An API server whose data was restored from a copy: the Service is there, at a version below the one that is known. */
class RestoredClient extends ScriptedClient {
  readonly tries: string[] = [];
  readonly #object: KubeObject;

  constructor(object: KubeObject) {
    super();
    this.#object = object;
  }

  override get(): Promise<KubeObject> {
    return Promise.resolve(at(this.#object, "5"));
  }

  override replace(...[, object]: Parameters<KubeClient["replace"]>): Promise<KubeObject> {
    return this.#over("replace", object.metadata.resourceVersion, at(object, "6"));
  }

  override delete(...[, , { resourceVersion }]: Parameters<KubeClient["delete"]>): Promise<void> {
    return this.#over("delete", resourceVersion, undefined);
  }

  #over<T>(what: string, version: string | undefined, result: T): Promise<T> {
    this.tries.push(`${what} ${version}`);
    return version === "5"
      ? Promise.resolve(result)
      : Promise.reject(new KubeError("the object has been modified", { code: 409, reason: "Conflict" }));
  }
}

function at(object: KubeObject, resourceVersion: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion, uid: "one" } };
}

for (const [what, tries] of [
  ["replace", ["replace 7", "replace 5"]],
  ["delete", ["delete 7", "delete 5"]],
] as const) {
  test(`after the API's data was restored from a copy a Service is written over what stands now: ${what}`, async () => {
    const clock = new ManualClock();
    const cart = discovered("cart", []);
    const other = discovered("cart", [], { labels: { app: "before" } });
    const desired = desiredObjects(other, { backend: "east", takenOver });
    assert.ok("service" in desired);
    const { service } = desired;
    const raw = { ...service } as unknown as KubeObject;
    const client = new RestoredClient(raw);
    const placer = new ClusterPlacer({
      client,
      limiter: new RateLimiter(undefined, clock),
      settingsOf: () => ({ takenOver, createNamespaces: false }),
      log: silentLogger,
      clock,
    });
    placer.observe({ kind: "Namespace", namespace: "", name: "team-shop" }, { metadata: {} }, undefined);
    placer.observe(SERVICE, at(raw, "7"), service);
    if (what === "replace") placer.place("east", [cart], []);
    else placer.place("east", [], [cart]);
    const stop = new AbortController();
    const run = placer.lead({ signal: stop.signal, remaining: 10_000 });
    await clock.pass(60_000);
    assert.deepEqual(client.tries, tries);
    stop.abort();
    await run;
  });
}

/** An API server that takes everything. */
class TakingClient extends ScriptedClient {
  readonly writes: string[] = [];
  #version = 0;

  override create(...[, object]: Parameters<KubeClient["create"]>): Promise<KubeObject> {
    return this.#take("create", object);
  }

  override replace(...[, object]: Parameters<KubeClient["replace"]>): Promise<KubeObject> {
    return this.#take("replace", object);
  }

  override delete(...[, { name }]: Parameters<KubeClient["delete"]>): Promise<void> {
    this.writes.push(`delete ${name}`);
    return Promise.resolve();
  }

  #take(what: string, object: KubeObject): Promise<KubeObject> {
    this.writes.push(`${what} ${object.metadata.name}`);
    return Promise.resolve(at(object, String(++this.#version)));
  }
}

test("one endpoint of a thousand that goes is one slice that is written; one more slice is there before it takes any from another", async () => {
  const clock = new ManualClock();
  const client = new TakingClient();
  const placer = new ClusterPlacer({
    client,
    limiter: new RateLimiter(undefined, clock),
    settingsOf: () => ({ takenOver, createNamespaces: false }),
    log: silentLogger,
    clock,
  });
  const addresses = Array.from({ length: 1001 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const writes = async (...has: readonly string[]): Promise<readonly string[]> => {
    client.writes.length = 0;
    placer.place("east", [discovered("cart", has)], []);
    await clock.pass(60_000);
    return client.writes.map((write) => write.replace(/east-cart-[0-9a-f]+/, "slice"));
  };
  placer.observe({ kind: "Namespace", namespace: "", name: "team-shop" }, { metadata: {} }, undefined);
  const stop = new AbortController();
  const run = placer.lead({ signal: stop.signal, remaining: 1_000_000 });
  const thousand = addresses.slice(0, 1000);
  assert.equal((await writes(...thousand)).length, 11, "a Service and ten slices");
  const [one = "", ...others] = await writes(...thousand.slice(1));
  assert.match(one, /^replace slice-\d$/);
  assert.deepEqual(others, []);
  await writes(...thousand);
  const [made, ...filledFrom] = await writes(...addresses);
  assert.equal(made, "create slice-10");
  assert.ok(filledFrom.includes("replace slice-2"), filledFrom.join());
  assert.ok(filledFrom.length <= 2, filledFrom.join());
  stop.abort();
  await run;
});
