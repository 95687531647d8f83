import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { Backend, type BackendOptions } from "./backend.ts";
import { NoCache } from "./cache.ts";
import type { DiscoveredService } from "./discovered.ts";
import { discovered } from "./discovered-for-tests.ts";
import type { DiscoveryFailure, DiscoveryReport } from "./discoverer.ts";
import type { Placer } from "./placer.ts";

const unreachable: DiscoveryFailure = { kind: "unreachable", message: "list services: no answer" };
const full = (services: readonly DiscoveredService[], unread: readonly string[] = []) => ({
  services,
  unread,
  millis: 1,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => discovered(`s${index}`));

/** Keeps what is placed by service. */
class RecordingPlacer implements Placer {
  readonly placed = new Map<string, DiscoveredService>();
  readonly stale: (number | undefined)[] = [];

  place(_backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void {
    for (const { namespace, service } of removals) this.placed.delete(`${namespace}/${service}`);
    for (const service of upserts) this.placed.set(`${service.namespace}/${service.service}`, service);
  }

  markStale(_backend: string, since: number | undefined): void {
    this.stale.push(since);
  }

  unplaced(): ReturnType<Placer["unplaced"]> {
    return new Map();
  }

  lag(): { readonly waiting: number; readonly oldest: undefined } {
    return { waiting: 0, oldest: undefined };
  }
}

/** A backend whose discoverer is the test. */
function begin(options: Partial<BackendOptions> = {}) {
  const placer = new RecordingPlacer();
  const stop = new AbortController();
  let report: DiscoveryReport | undefined;
  let now = 1000;
  const backend = new Backend({
    name: "east",
    placer,
    cache: new NoCache(),
    log: silentLogger,
    now: () => now,
    discoverer: {
      platform: "kubernetes",
      run: (to, signal) => {
        report = to;
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      },
    },
    ...options,
  });
  const run = backend.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await run;
  };
  const names = (): string[] => [...placer.placed.keys()].sort();
  return { backend, placer, names, end, report: () => report ?? backend, at: (time: number) => (now = time) };
}

suite("a backend", () => {
  test("first a full set, then differences", async () => {
    const { backend, names, end, report } = begin();
    assert.equal(backend.status().state, "syncing");
    report().full(full([discovered("a"), discovered("b")]));
    await backend.settled;
    assert.equal(backend.status().state, "synced");
    report().changed([discovered("c")], ["team-shop/a" as never]);
    assert.deepEqual(names(), ["team-shop/b", "team-shop/c"]);
    await end();
    assert.equal(backend.status().state, "idle");
  });

  test("a failure keeps what was told, and its age", async () => {
    const { backend, names, end, report, at } = begin();
    report().full(full([discovered("a")]));
    at(2000);
    report().failed(unreachable);
    const { state, since, lastSync, failure } = backend.status();
    assert.deepEqual(
      { state, since, lastSync, failure },
      { state: "stale", since: 2000, lastSync: 1000, failure: unreachable },
    );
    assert.deepEqual(names(), ["team-shop/a"]);
    report().inStep();
    assert.equal(backend.status().state, "synced");
    assert.equal(backend.status().failure, undefined);
    await end();
  });

  test("a first failure settles it, and it is not stale: nothing was known", async () => {
    const { backend, end, report } = begin();
    report().failed(unreachable);
    await backend.settled;
    assert.equal(backend.status().state, "syncing");
    await end();
  });

  test("objects say that they are stale once it lasts, and that they are not any more", async () => {
    const { placer, end, report } = begin({ staleNotice: 1 });
    report().full(full([discovered("a")]));
    report().failed(unreachable);
    const noted = Promise.withResolvers<void>();
    placer.markStale = (_backend, since) => {
      placer.stale.push(since);
      noted.resolve();
    };
    await noted.promise;
    report().full(full([discovered("a")]));
    assert.deepEqual(placer.stale, [undefined, 1000, undefined]);
    await end();
  });

  test("scopes that could not be read keep theirs", async () => {
    const { names, end, report } = begin();
    report().full(full([discovered("a"), discovered("b", [], { scope: "other", namespace: "other" })]));
    report().full(full([], ["other"]));
    assert.deepEqual(names(), ["other/b"]);
    await end();
  });

  test("a mass deletion is held until it is confirmed", async () => {
    const { backend, names, end, report } = begin();
    report().full(full(many(20)));
    report().full(full([discovered("s0"), discovered("s1", [])]));
    assert.equal(backend.status().held.length, 19);
    assert.equal(names().length, 20);
    assert.equal(backend.confirm(), 19);
    assert.deepEqual(names(), ["team-shop/s0", "team-shop/s1"]);
    assert.deepEqual(backend.status().held, []);
    await end();
  });

  test("what is held and comes back is as it was", async () => {
    const { backend, names, end, report } = begin();
    report().full(full(many(20)));
    report().full(full([]));
    report().changed(many(20), []);
    assert.deepEqual(backend.status().held, []);
    assert.equal(backend.confirm(), 0);
    assert.equal(names().length, 20);
    await end();
  });

  test("a service that moves to another team is there alone", async () => {
    const { names, end, report } = begin();
    report().full(full([discovered("a")]));
    report().changed([discovered("a", ["10.0.0.1"], { namespace: "team-b" })], []);
    assert.deepEqual(names(), ["team-b/a"]);
    await end();
  });

  test("removal drains, then erases; its discoverer's failure to end well is told, not thrown", async () => {
    const { backend, placer, names, end, report } = begin();
    report().full(full([discovered("a")]));
    backend.drain();
    const [group] = placer.placed.get("team-shop/a")?.endpoints ?? [];
    assert.deepEqual(group?.endpoints, [{ address: "10.0.0.1", ready: false, serving: true, terminating: true }]);
    backend.erase();
    assert.deepEqual(names(), []);
    assert.equal(backend.status().isRemoved, true);
    await end();
    const broken = begin({ discoverer: { platform: "dns", run: () => Promise.reject(new Error("no such thing")) } });
    await broken.backend.settled;
    assert.match(broken.backend.status().failure?.message ?? "", /no such thing/);
  });
});
