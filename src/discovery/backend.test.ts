import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { Backend, type BackendOptions } from "./backend.ts";
import { NoCache, SqliteCache } from "./cache.ts";
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

  test("a first failure settles it as failed, not as stale: nothing was known", async () => {
    const { backend, end, report, at } = begin();
    report().failed(unreachable);
    await backend.settled;
    at(5000);
    report().failed({ ...unreachable, message: "something else" });
    const { state, since, failure } = backend.status();
    assert.deepEqual({ state, since }, { state: "failed", since: 1000 }, "the first failure counts");
    assert.equal(failure?.message, "something else");
    report().full(full([discovered("a")]));
    assert.equal(backend.status().state, "synced");
    report().failed(unreachable);
    assert.equal(backend.status().state, "stale");
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

  test("what is told counts also in a scope that could not be read whole", async () => {
    const { backend, end, report } = begin();
    report().full(full([discovered("a"), discovered("b")]));
    report().full(full([discovered("a", ["10.0.0.9"])], ["team-shop"]));
    const addresses = (services: Iterable<DiscoveredService>) =>
      [...services].flatMap(({ endpoints }) =>
        endpoints.flatMap((group) => group.endpoints.map(({ address }) => address)),
      );
    assert.deepEqual(addresses(backend.applied()), ["10.0.0.9", "10.0.0.1"]);
    assert.deepEqual(addresses(backend.reported()), ["10.0.0.9", "10.0.0.1"]);
    await end();
  });

  test("a mass deletion is held until it is confirmed", async () => {
    const { backend, names, end, report } = begin();
    report().full(full(many(20)));
    report().full(full([discovered("s0"), discovered("s1", [])]));
    assert.equal(backend.status().held.length, 19);
    assert.equal(names().length, 20);
    assert.equal(backend.confirm("ann"), 19);
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
    assert.equal(backend.confirm("ann"), 0);
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

  test("removal ends the discoverer, drains, then erases", async () => {
    const { backend, placer, names, end, report } = begin();
    report().full(full([discovered("a")]));
    const erased = Promise.withResolvers<void>();
    const draining: unknown[] = [];
    placer.place = (...args) => {
      RecordingPlacer.prototype.place.apply(placer, args);
      draining.push(...args[1].flatMap(({ endpoints }) => endpoints.flatMap((group) => group.endpoints)));
      if (args[2].length > 0) erased.resolve();
    };
    assert.equal(backend.remove(5, "ann"), 1005);
    assert.equal(backend.remove(99, "ann"), 1005, "what is under way is not begun again");
    assert.deepEqual(draining, [{ address: "10.0.0.1", ready: false, serving: true, terminating: true }]);
    await erased.promise;
    assert.deepEqual(names(), []);
    const { goneAt, state } = backend.status();
    assert.deepEqual({ goneAt, state }, { goneAt: 1005, state: "idle" });
    await end();
  });

  test("a stop during the drain leaves the rest to the next start, where nothing of it comes back", async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), "binnacle-discovery-"));
    const cache = new SqliteCache(join(directory.path, "discovery.db"), silentLogger);
    const first = begin({ cache });
    first.report().full(full([discovered("a")]));
    first.backend.remove(3_600_000, "ann");
    await first.end();
    const second = begin({ cache });
    assert.deepEqual(second.names(), []);
    assert.deepEqual(cache.load("east").services, []);
    await second.backend.settled;
    assert.equal(second.backend.status().state, "idle");
    await second.end();
    cache.close();
  });

  test("its discoverer's failure to end well is told, not thrown", async () => {
    const broken = begin({ discoverer: { platform: "dns", run: () => Promise.reject(new Error("no such thing")) } });
    await broken.backend.settled;
    assert.match(broken.backend.status().failure?.message ?? "", /no such thing/);
  });
});
