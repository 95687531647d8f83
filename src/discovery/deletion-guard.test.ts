import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DeletionGuard } from "./deletion-guard.ts";
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
  held: readonly DiscoveredService[] = [],
) {
  const guard = new DeletionGuard();
  const rest = before.filter((service) => !held.includes(service));
  if (held.length > 0) guard.pass(set(before), set(rest), difference(set(before), rest, []), 0);
  assert.equal(guard.held.size, held.length);
  const passed = guard.pass(set(before), set(after), difference(set(before), after, []), 1);
  return {
    held: guard.held.size,
    upserts: passed.upserts.map(({ service }) => service),
    removals: passed.removals.map(({ service }) => service),
  };
}

/** A backend of this many services; `lose` deletes so many more of them, and returns how many of them are held then. */
function trickle(count: number) {
  const guard = new DeletionGuard();
  const applied = new Map(set(all(count)));
  const reported = new Map(applied);
  const tell = (after: ReadonlyMap<DiscoveredKey, DiscoveredService>, now: number): number => {
    const { upserts, removals } = guard.pass(applied, after, difference(applied, [...after.values()], []), now);
    for (const service of removals) applied.delete(discoveredKey(service));
    for (const service of upserts) applied.set(discoveredKey(service), service);
    return guard.held.size;
  };
  return {
    guard,
    applied,
    lose(some: number, now: number): number {
      for (const key of [...reported.keys()].slice(0, some)) reported.delete(key);
      return tell(reported, now);
    },
    restore: (now: number): number => tell(set(all(count)), now),
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
    const services = all(20);
    assert.equal(guard(services, services.slice(0, 15), services).held, 5);
    assert.equal(guard(services, services, services).held, 0);
  });

  test("a loss beside held ones counts with them", () => {
    const services = all(20);
    assert.deepEqual(guard(services, services.slice(0, 7), services.slice(8)), { held: 13, upserts: [], removals: [] });
  });

  test("services that go one after the other are a mass as well: the rest is held once more than half is gone", () => {
    const backend = trickle(20);
    for (let time = 1; time <= 10; time++) assert.equal(backend.lose(1, time * 1000), 0);
    assert.equal(backend.lose(1, 11_000), 1);
    assert.equal(backend.lose(9, 12_000), 10);
    assert.equal(backend.applied.size, 10);
  });

  test("what went longer than ten minutes ago does not count", () => {
    const backend = trickle(20);
    assert.equal(backend.lose(10, 0), 0);
    assert.equal(backend.lose(5, 600_001), 0, "5 of 10");
    assert.equal(backend.lose(4, 1_200_000), 0, "9 within ten minutes are not ten");
    assert.equal(backend.lose(1, 1_200_000), 1);
  });

  test("what came back does not count", () => {
    const backend = trickle(20);
    backend.lose(10, 0);
    backend.restore(1000);
    const later = backend.guard.pass(backend.applied, set(all(10)), difference(backend.applied, all(10), []), 2000);
    assert.equal(later.removals.length, 10);
  });

  test("what is emptied and then deleted is lost once", () => {
    const { guard } = trickle(0);
    const [before, emptied] = [
      set(all(17)),
      set(names(17).map((name, at) => discovered(name, at < 8 ? [] : undefined))),
    ];
    guard.pass(before, emptied, difference(before, [...emptied.values()], []), 0);
    const rest = all(17).slice(8);
    assert.equal(guard.pass(emptied, set(rest), difference(emptied, rest, []), 1000).removals.length, 8);
  });

  test("after a confirmation it begins anew", () => {
    const backend = trickle(40);
    assert.equal(backend.lose(20, 0), 0);
    assert.equal(backend.lose(4, 1000), 4);
    for (const key of backend.guard.release()) backend.applied.delete(key);
    assert.equal(backend.applied.size, 16);
    assert.equal(backend.lose(9, 2000), 0, "what was confirmed does not count");
    assert.equal(backend.lose(1, 3000), 1);
  });
});
