import assert from "node:assert/strict";
import { test } from "node:test";
import { packBytes } from "#lib/packed-bytes.ts";
import type { XdsResource, XdsType } from "#xds/resource.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { changeClock } from "./change-clock.ts";

function resource(type: XdsType, version: string): XdsResource {
  return { type, name: "one", version, bytes: packBytes(Buffer.from(version)), clusters: [], sources: [] };
}

test("a change of what is configured is one; shares of sampling, which follow the load, are none", () => {
  let now = 1;
  const snapshot = new Snapshot();
  snapshot.open();
  const since = changeClock(snapshot, () => now);
  now = 2;
  const host = resource("virtualHost", "1");
  snapshot.apply([host]);
  assert.equal(since(), 2);
  now = 3;
  snapshot.acknowledge(host);
  assert.equal(since(), 3);
  now = 4;
  const runtime = resource("runtime", "1");
  snapshot.apply([runtime]);
  snapshot.acknowledge(runtime);
  assert.equal(since(), 3);
});
