import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Discoverer, FAILURE_KINDS, type Platform } from "#discovery/discoverer.ts";
import { until } from "../../integration/support/until.ts";
import { Followed, type Services } from "./followed.ts";

/** A platform as a test sees it: what it has, and what befalls it. */
export interface PlatformWorld extends AsyncDisposable {
  /** Follows it with times that are short where it waits to ask again, and long where it waits for an answer. */
  discoverer(): Discoverer;
  /** Undefined for a platform whose content is fixed before the start. */
  readonly changes?: {
    /** What it has from now on. */
    have(services: Services): Promise<void> | void;
    /** It is away, or refuses every question. */
    fail(): Promise<void> | void;
    /** It takes questions and answers none. */
    fallSilent(): Promise<void> | void;
    /** Ends both. */
    recover(): Promise<void> | void;
  };
}

const BEFORE: Services = { web: ["10.88.0.3"], cart: ["10.88.0.2", "10.88.0.1"], till: ["10.88.0.4"] };
const AFTER: Services = { web: ["10.88.0.3"], cart: ["10.88.0.1", "10.88.0.5"] };

/**
 * The contract of {@link Discoverer} as a test: each platform passes it, and its own tests say what more it does. `open`
 * gives a platform that has these services, and no other that is followed.
 */
export function discoveryContract(
  platform: Platform,
  open: (services: Services) => Promise<PlatformWorld>,
  { changes }: { readonly changes: boolean } = { changes: true },
): void {
  suite(`${platform} as a platform of discovery`, { timeout: 600_000 }, () => {
    test("names itself, and goes from idle over syncing to synced, and back to idle at its end", async () => {
      await using world = await open(BEFORE);
      const discoverer = world.discoverer();
      assert.equal(discoverer.platform, platform);
      await using followed = new Followed(discoverer);
      assert.equal(followed.status.platform, platform);
      assert.match(followed.status.state, /^sync(ing|ed)$/, "who need not ask is in step at once");
      await followed.settled;
      assert.equal(followed.status.state, "synced");
      assert.equal(followed.status.failure, undefined);
      await followed.have(BEFORE_SORTED);
      await followed.end();
      assert.equal(followed.status.state, "idle");
      assert.deepEqual(followed.addresses, BEFORE_SORTED, "an end takes nothing away");
    });

    test("the first word is a full set, and the same for whoever asks", async () => {
      await using world = await open(BEFORE);
      await using one = new Followed(world.discoverer());
      await using other = new Followed(world.discoverer());
      await Promise.all([one.settled, other.settled]);
      const [first] = one.told;
      assert.equal(first?.call, "full");
      assert.deepEqual(first, other.told[0], "the order, too");
    });

    test("what is told is plain data: it outlives the process on disk", async () => {
      await using world = await open(BEFORE);
      await using followed = new Followed(world.discoverer());
      await followed.settled;
      assert.deepEqual(JSON.parse(JSON.stringify(followed.services)), followed.services);
      for (const { scope, service } of followed.services) assert.doesNotMatch(`${scope}${service}`, /\//);
    });

    test("while nothing changes it says so, and nothing is placed again", async () => {
      await using world = await open(BEFORE);
      await using followed = new Followed(world.discoverer());
      await followed.settled;
      const { lastSync = 0 } = followed.status;
      await until(() => (followed.status.lastSync ?? 0) > lastSync + 2, { what: "to be told that all still holds" });
      assert.equal(followed.placed.length, 1);
    });

    test("a signal that said stop before the start is an end without a word", async () => {
      await using world = await open(BEFORE);
      const told: string[] = [];
      const note = (call: string) => () => void told.push(call);
      const report = {
        reported: () => [],
        full: note("full"),
        changed: note("changed"),
        inStep: note("inStep"),
        failed: note("failed"),
        problems: note("problems"),
      };
      await world.discoverer().run(report, AbortSignal.abort());
      assert.deepEqual(told, []);
    });

    test("it tells nothing after its end", async () => {
      await using world = await open(BEFORE);
      await using followed = new Followed(world.discoverer());
      await followed.settled;
      await followed.end();
      const count = followed.told.length;
      await world.changes?.have(AFTER);
      // Longer than any world's own period: what would come late would have come.
      await delay(50);
      assert.equal(followed.told.length, count);
    });

    if (changes) whatChanges(open);
  });
}

const BEFORE_SORTED: Services = { cart: ["10.88.0.1", "10.88.0.2"], till: ["10.88.0.4"], web: ["10.88.0.3"] };

function whatChanges(open: (services: Services) => Promise<PlatformWorld>): void {
  const begin = async (services: Services) => {
    const world = await open(services);
    assert.ok(world.changes);
    return {
      world,
      discoverer: () => world.discoverer(),
      ...world.changes,
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  };

  test("a change is followed, and touches what changed alone", async () => {
    await using world = await begin(BEFORE);
    await using followed = new Followed(world.discoverer());
    await followed.settled;
    const count = followed.placed.length;
    await world.have(AFTER);
    await followed.have(AFTER);
    assert.ok(!followed.placed.slice(count).flat().includes("web"));
    assert.equal(followed.status.state, "synced");
  });

  test("a failure keeps what was told, with its age; what changed meanwhile is found afterwards", async () => {
    await using world = await begin(BEFORE);
    await using followed = new Followed(world.discoverer());
    await followed.settled;
    await world.fail();
    await followed.become("stale");
    const { failure, lastSync } = followed.status;
    assert.ok(failure !== undefined && FAILURE_KINDS.includes(failure.kind));
    assert.ok(failure.message.length > 0);
    assert.ok(lastSync !== undefined);
    assert.deepEqual(followed.addresses, BEFORE_SORTED);
    await world.have(AFTER);
    await world.recover();
    await followed.have(AFTER);
    await followed.become("synced");
    assert.equal(followed.status.failure, undefined);
  });

  test("a start without the platform is settled by its failure, and finds everything later", async () => {
    await using world = await begin(BEFORE);
    await world.fail();
    await using followed = new Followed(world.discoverer());
    await followed.settled;
    assert.equal(followed.status.state, "failed");
    assert.ok(followed.status.failure !== undefined);
    assert.deepEqual(followed.placed, []);
    await until(() => followed.told.filter(({ call }) => call === "failed").length > 1, { what: "a second try" });
    await world.recover();
    await followed.have(BEFORE_SORTED);
    await followed.become("synced");
  });

  test("it stops at once, also while it waits to try again or for an answer", async () => {
    await using world = await begin(BEFORE);
    await world.fail();
    await using failing = new Followed(world.discoverer());
    await failing.settled;
    await failing.end();
    await world.recover();
    await world.fallSilent();
    await using waiting = new Followed(world.discoverer());
    await delay(50);
    await waiting.end();
    assert.deepEqual(waiting.told, []);
  });

  test("everything that goes at once is told as it is: what is held is the backend's to decide", async () => {
    await using world = await begin(BEFORE);
    await using followed = new Followed(world.discoverer());
    await followed.settled;
    await world.have({});
    await followed.have({});
    assert.equal(followed.status.state, "synced");
  });
}
