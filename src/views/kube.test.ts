import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectRef } from "#resources/ref.ts";
import { controlPlaneOf, kubeFeedOf } from "../../test/integration/support/served-objects.ts";
import { service } from "../../test/integration/support/manifests.ts";
import { changesOf } from "../../test/integration/support/gateway.ts";

const SERVICE = { kind: "Service", namespace: "team", name: "web" } as const satisfies ObjectRef;

test("objects that come and go while nobody asks leave nothing behind, and one that comes back is seen", (t) => {
  const controlPlane = controlPlaneOf(service("team", "stays", []));
  const { store } = controlPlane;
  const feed = kubeFeedOf(controlPlane);
  const come = (): void => {
    store.apply(changesOf(service("team", "web", [])));
    controlPlane.translateNow();
  };
  const go = (): void => {
    store.apply([{ type: "delete", ref: SERVICE }]);
    controlPlane.translateNow();
  };
  for (let round = 0; round < 3; round++) {
    come();
    go();
  }
  const { mock } = t.mock.method(store, "state");
  const names = () => feed.list("Service").map(({ ref }) => ref.name);
  assert.deepEqual(names(), ["stays"]);
  const looked = mock.calls.map((call) => call.arguments[0].name);
  assert.ok(!looked.includes("web"), looked.join(" "));
  come();
  assert.deepEqual(names(), ["stays", "web"]);
  const version = feed.version();
  go();
  assert.deepEqual(names(), ["stays"]);
  assert.deepEqual(
    feed.since(version)?.map(({ before, after }) => [before?.ref.name, after?.ref.name]),
    [["web", undefined]],
  );
});
