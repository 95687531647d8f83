import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient } from "#kubernetes/client.ts";
import { KubeError } from "#kubernetes/kube-error.ts";
import type { Term } from "#kubernetes/leadership.ts";
import { ManualClock } from "#kubernetes/manual-clock.ts";
import { RateLimiter } from "#kubernetes/rate-limit.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { ScriptedClient } from "#kubernetes/scripted-client.ts";
import { silentLogger } from "#lib/log.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { StatusWriter } from "./status-writer.ts";

// What a definition has to be written for; the rest is in test/kubernetes, against a real API server.

const REF: ObjectRef = { kind: "IngressRoute", namespace: "shop", name: "web" };
const OBJECT: KubeObject = { metadata: { namespace: "shop", name: "web", resourceVersion: "7" } };

/** A definition that has no place for a status: what is written of one is pruned, and nothing has changed then. */
class PruningClient extends ScriptedClient {
  readonly writes: string[] = [];
  readonly #hasSubresource: boolean;

  constructor(hasSubresource: boolean) {
    super();
    this.#hasSubresource = hasSubresource;
  }

  override get(): Promise<KubeObject> {
    return Promise.resolve(OBJECT);
  }

  override patch(): Promise<KubeObject> {
    this.writes.push("object");
    return this.get();
  }

  override patchStatus(): Promise<KubeObject> {
    this.writes.push("status");
    return this.#hasSubresource
      ? this.get()
      : Promise.reject(new KubeError("the server could not find it", { code: 404, reason: "NotFound" }));
  }
}

for (const [what, hasSubresource, first, again] of [
  ["a field of the object", false, ["status", "object"], ["object", "status", "object"]],
  ["a sub-resource", true, ["status"], ["status"]],
] as const) {
  test(`a status that is pruned, ${what}, is written once, and again when there is news`, async () => {
    const clock = new ManualClock();
    const client = new PruningClient(hasSubresource);
    const writer = new StatusWriter({
      client,
      limiter: new RateLimiter(undefined, clock),
      wanted: () => ({ addresses: [], problems: [] }),
      log: silentLogger,
      clock,
    });
    const stop = new AbortController();
    const term: Term = { signal: stop.signal, remaining: 10_000 };
    const run = writer.lead(term);
    writer.open();
    writer.observe(REF, OBJECT);
    await clock.pass(60_000);
    assert.deepEqual(client.writes.splice(0), first);
    writer.judged([REF]);
    await clock.pass(60_000);
    assert.deepEqual(client.writes, again);
    stop.abort();
    await run;
  });
}

/** An API server whose data was restored from a copy: its versions began anew below those that were known. */
class RestoredClient extends ScriptedClient {
  readonly tries: unknown[] = [];

  override get(): Promise<KubeObject> {
    return Promise.resolve({ metadata: { ...OBJECT.metadata, resourceVersion: "5" } });
  }

  override patchStatus(...[, , patch]: Parameters<KubeClient["patchStatus"]>): Promise<KubeObject> {
    const { metadata, status } = patch.body as KubeObject;
    this.tries.push(metadata.resourceVersion);
    return metadata.resourceVersion === "5"
      ? Promise.resolve({ metadata: { ...OBJECT.metadata, resourceVersion: "6" }, status })
      : Promise.reject(new KubeError("the object has been modified", { code: 409, reason: "Conflict" }));
  }
}

test("after the API's data was restored from a copy a status is written over what stands there now", async () => {
  for (const isListed of [false, true]) {
    const clock = new ManualClock();
    const client = new RestoredClient();
    const writer = new StatusWriter({
      client,
      limiter: new RateLimiter(undefined, clock),
      wanted: () => ({ addresses: [], problems: [] }),
      log: silentLogger,
      clock,
    });
    const stop = new AbortController();
    const run = writer.lead({ signal: stop.signal, remaining: 10_000 });
    writer.observe(REF, OBJECT);
    if (isListed) writer.observe(REF, await client.get(), true);
    writer.open();
    await clock.pass(60_000);
    assert.deepEqual(client.tries, isListed ? ["5"] : ["7", "5"]);
    stop.abort();
    await run;
  }
});
