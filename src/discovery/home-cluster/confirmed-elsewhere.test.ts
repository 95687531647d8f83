import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { BackendStatus } from "../backend.ts";
import { discoveredKey, type DiscoveredKey, type DiscoveredService } from "../discovered.ts";
import { discovered } from "../discovered-for-tests.ts";
import { ConfirmedElsewhere } from "./confirmed-elsewhere.ts";

const keys = (names: readonly string[]) => names.map((service) => discoveredKey({ scope: "team-shop", service }));

/** A backend that holds these; `home`: what stands in the home, and may change. */
function world(held: readonly string[]) {
  const confirmed: string[] = [];
  let holds = keys(held);
  const home: { services: readonly DiscoveredService[] } = { services: held.map((name) => discovered(name)) };
  const elsewhere = new ConfirmedElsewhere({
    load: () => ({ services: home.services, syncedAt: 0, isRemoved: false }),
  });
  const status = (): BackendStatus => ({
    name: "east",
    platform: "kubernetes",
    state: "synced",
    since: 0,
    lastSync: 0,
    failure: undefined,
    held: holds,
    problems: [],
    goneAt: undefined,
  });
  const confirm = (by: string, only?: ReadonlySet<DiscoveredKey>): number => {
    assert.equal(by, "the control plane that leads");
    confirmed.push(...(only ?? []));
    holds = holds.filter((key) => only?.has(key) === false);
    return only?.size ?? 0;
  };
  return { home, confirmed, elsewhere, look: () => elsewhere.look([{ name: "east", status, confirm }]) };
}

suite("what was confirmed at the control plane that leads", () => {
  test("is let go when it is missing at two looks, or has lost its endpoints there", () => {
    const { home, confirmed, look } = world(["a", "b", "c"]);
    look();
    look();
    assert.deepEqual(confirmed, []);
    home.services = [discovered("b", []), discovered("c")];
    look();
    assert.deepEqual(confirmed, []);
    look();
    assert.deepEqual(confirmed, keys(["a", "b"]));
    look();
    look();
    assert.equal(confirmed.length, 2);
  });

  test("is not what somebody deleted and the leader put back", () => {
    const { home, confirmed, look } = world(["a"]);
    const { services } = home;
    look();
    home.services = [];
    look();
    home.services = services;
    look();
    home.services = [];
    look();
    assert.deepEqual(confirmed, []);
  });

  test("is looked at anew after having led", () => {
    const { home, confirmed, elsewhere, look } = world(["a"]);
    home.services = [];
    look();
    elsewhere.forget();
    look();
    assert.deepEqual(confirmed, []);
    look();
    assert.equal(confirmed.length, 1);
  });
});
