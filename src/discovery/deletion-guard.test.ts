import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { guardDeletion } from "./deletion-guard.ts";
import { difference } from "./difference.ts";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";
import { discovered } from "./discovered-for-tests.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `s${index}`);
const set = (services: readonly DiscoveredService[]) =>
  new Map(services.map((service) => [discoveredKey(service), service]));
const all = (count: number) => names(count).map((name) => discovered(name));

function guard(
  before: readonly DiscoveredService[],
  after: readonly DiscoveredService[],
  held: readonly string[] = [],
) {
  const found = guardDeletion(
    set(before),
    set(after),
    difference(set(before), after, []),
    new Set(held.map((name) => `team-shop/${name}` as DiscoveredKey)),
  );
  return {
    held: found.held.size,
    upserts: found.difference.upserts.map(({ service }) => service),
    removals: found.difference.removals.map(({ service }) => service),
  };
}

suite("the guard on mass deletion", () => {
  test("holds ten services that go at once, when they are more than half", () => {
    assert.deepEqual(guard(all(19), all(9)), { held: 10, upserts: [], removals: [] });
    assert.equal(guard(all(20), all(10)).removals.length, 10, "half is not more than half");
    assert.equal(guard(all(9), []).removals.length, 9, "nine are not ten");
    assert.equal(guard(all(10), []).held, 10);
  });

  test("holds endpoint sets that are emptied, together with services that go", () => {
    const emptied = names(6).map((name) => discovered(name, []));
    assert.deepEqual(guard(all(10), emptied), { held: 10, upserts: [], removals: [] });
  });

  test("never holds replacement and unreadiness", () => {
    const replaced = names(20).map((name) => discovered(name, ["10.9.9.9"]));
    assert.equal(guard(all(20), replaced).upserts.length, 20);
    const unready = all(20).map((service) => ({
      ...service,
      endpoints: service.endpoints.map((group) => ({
        ...group,
        endpoints: group.endpoints.map((one) => ({ ...one, ready: false, serving: false })),
      })),
    }));
    assert.equal(guard(all(20), unready).upserts.length, 20);
  });

  test("never holds what was empty before, nor a service that stands for a name now", () => {
    const empty = names(20).map((name) => discovered(name, []));
    const ports = empty.map((service) => ({ ...service, ports: [] }));
    assert.equal(guard(empty, ports).upserts.length, 20);
    const external = names(20).map((name) => discovered(name, [], { externalName: "db.example.com" }));
    assert.equal(guard(all(20), external).upserts.length, 20);
  });

  test("lets pass what is new or different beside what is held", () => {
    const after = [discovered("s0", ["10.0.0.2"]), discovered("new")];
    assert.deepEqual(guard(all(20), after), { held: 19, upserts: ["s0", "new"], removals: [] });
  });

  test("what is held stays held while the platform recovers piece by piece, and what came back does not", () => {
    const held = names(20);
    assert.equal(guard(all(20), all(15), held).held, 5);
    assert.equal(guard(all(20), all(20), held).held, 0);
  });

  test("a loss beside held ones counts with them", () => {
    const held = names(20).slice(8);
    assert.deepEqual(guard(all(20), all(7), held), { held: 13, upserts: [], removals: [] });
  });
});
