import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatRef } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import { accepted } from "#resources/complaints.ts";
import { MemoryArchive } from "#store/archive.ts";
import { Store } from "#store/store.ts";
import { discovered } from "./discovered-for-tests.ts";
import { StorePlacer } from "./store-placer.ts";

function begin() {
  const store = new Store({ indexes: [], archive: new MemoryArchive(), now: () => 0 });
  const placer = new StorePlacer({
    sink: store,
    originOf: (ref) => store.state(ref)?.origin,
    takenOver: () => ({ labels: [], annotations: [] }),
  });
  const objects = (): string[] =>
    store
      .states()
      .filter(({ inUse }) => inUse !== undefined)
      .map(({ ref, origin }) => `${formatRef(ref).replace(/-[0-9a-f]{10}-/, "-#-")} by ${origin.file}`);
  const problems = (backend: string): string[] =>
    [...placer.unplaced(backend)].flatMap(([key, found]) => found.map(({ message }) => `${key}: ${message}`));
  return { store, placer, objects, problems };
}

const manifest = (name: string): Resource =>
  accepted(
    "Service",
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: team-shop}\nspec: {ports: [{port: 80}]}`,
  );
const origin = { file: "manifests/shop.yaml", line: 1 };

suite("the placer of the embedded mode", () => {
  test("places, changes and deletes", () => {
    const { store, placer, objects } = begin();
    placer.place("east", [discovered("a"), discovered("b")], []);
    assert.deepEqual(objects(), [
      "EndpointSlice team-shop/east-a-#-0 by backend east",
      "EndpointSlice team-shop/east-b-#-0 by backend east",
      "Service team-shop/east-a by backend east",
      "Service team-shop/east-b by backend east",
    ]);
    const { sequence } = store;
    placer.place("east", [discovered("a")], []);
    assert.equal(store.sequence, sequence, "what says the same is no change");
    placer.place("east", [discovered("a", [])], [discovered("b")]);
    assert.deepEqual(objects(), ["Service team-shop/east-a by backend east"]);
  });

  test("an object of the home is never overwritten, and ours comes back when it goes", () => {
    const { placer, objects, problems } = begin();
    placer.home.apply([{ type: "put", object: manifest("east-a"), origin }]);
    placer.place("east", [discovered("a", [])], []);
    assert.deepEqual(objects(), ["Service team-shop/east-a by manifests/shop.yaml"]);
    assert.match(problems("east")[0] ?? "", /team-shop\/a: Service team-shop\/east-a is in manifests\/shop.yaml/);
    placer.home.apply([{ type: "delete", ref: refOf(manifest("east-a")) }]);
    assert.deepEqual(objects(), ["Service team-shop/east-a by backend east"]);
    assert.deepEqual(problems("east"), []);
  });

  test("a manifest takes a name also from a discovered object, and keeps it when that goes", () => {
    const { placer, objects, problems } = begin();
    placer.place("east", [discovered("a", [])], []);
    placer.home.apply([{ type: "put", object: manifest("east-a"), origin }]);
    assert.equal(problems("east").length, 1);
    placer.place("east", [], [discovered("a", [])]);
    assert.deepEqual(objects(), ["Service team-shop/east-a by manifests/shop.yaml"]);
    assert.deepEqual(problems("east"), []);
  });

  test("two backends that share a name never write each other's objects: Gimbal's did", () => {
    const { placer, objects, problems } = begin();
    placer.place("a-b", [discovered("c", [])], []);
    placer.place("a", [discovered("b-c", [])], []);
    assert.deepEqual(objects(), ["Service team-shop/a-b-c by backend a-b"]);
    assert.match(problems("a")[0] ?? "", /is team-shop\/c of backend a-b, which keeps it/);
    placer.place("a-b", [], [discovered("c", [])]);
    assert.deepEqual(objects(), ["Service team-shop/a-b-c by backend a"]);
    assert.deepEqual(problems("a"), []);
  });

  test("what cannot be an object here keeps its form before, is told, and comes back", () => {
    const { store, placer, objects, problems } = begin();
    placer.place("east", [discovered("a")], []);
    placer.place("east", [discovered("a", ["nonsense"])], []);
    assert.equal(objects().length, 2);
    assert.match(problems("east")[0] ?? "", /nonsense/);
    placer.place("east", [discovered("a")], []);
    assert.deepEqual(problems("east"), []);
    assert.equal(store.state({ kind: "Service", namespace: "team-shop", name: "east-a" })?.refused, undefined);
  });

  test("a stale backend's Services say since when", () => {
    const { store, placer } = begin();
    placer.place("east", [discovered("a")], []);
    const annotation = () =>
      store.get("Service", "team-shop", "east-a")?.object.metadata.annotations["binnacle.dev/stale-since"];
    placer.markStale("east", 0);
    assert.equal(annotation(), "1970-01-01T00:00:00.000Z");
    placer.markStale("east", undefined);
    assert.equal(annotation(), undefined);
  });
});
