import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { AdminPoller } from "./admin-poller.ts";
import type { CounterReading } from "./counter-ledger.ts";
import { PageDiffs } from "./page-diff.ts";
import { PROCESS_PAGE } from "./process-start.ts";

const COUNTER = "binnacle.requests.request.200 - local/a/b/80 http h";

/** A poller of an Envoy of the test's own; its timers go on only when the test says so. */
function world(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const envoy = { began: "2026-11-23T10:00:00.000Z", requests: 0, up: true, watched: true, asked: [] as string[] };
  const receiver = { up: true };
  const readings: CounterReading[] = [];
  const said: string[] = [];
  const pages = new PageDiffs();
  const poller = new AdminPoller({
    source: {
      id: "e1",
      openAdmin: async (path) => {
        envoy.asked.push(path.split("?")[0] ?? "");
        if (!envoy.up) throw new Error("connection refused");
        if (path === PROCESS_PAGE) return [Buffer.from(`{"last_updated": "${envoy.began}"}`)];
        if (path === "/clusters") return [Buffer.from("local/a/b/80::10.0.0.1:80::rq_total::1\n")];
        return [Buffer.from(JSON.stringify({ stats: [{ name: COUNTER, value: envoy.requests }] }))];
      },
    },
    log: silentLogger,
    isWatched: () => envoy.watched,
    now: () => 5000,
    diff: async (page, id, chunks, fresh) => {
      if (!receiver.up) throw new Error("the receiver is not running");
      const reader = pages.open(page, id, fresh);
      for await (const chunk of chunks) reader.add(chunk);
      return reader.end();
    },
    onCounters: (reading) => void readings.push(reading),
    onClusters: ({ restarted }) => void said.push(restarted ? "clusters of another" : "clusters"),
    onReachable: (reachable) => void said.push(reachable ? "reachable" : "lost"),
    onRestart: () => void said.push("restarted"),
  });
  /** One more round, to its end. */
  const round = async () => {
    t.mock.timers.tick(60_000);
    await settled();
  };
  return { envoy, receiver, readings, said, poller, round };
}

/** Everything that waits for no timer has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

test("counters and endpoints are read again and again, only what differs is told", async (t) => {
  const { envoy, readings, said, poller, round } = world(t);
  await settled();
  envoy.requests = 3;
  await round();
  await round();
  assert.deepEqual(
    readings.map(({ changed, restarted }) => [changed, restarted]),
    [
      [[[COUNTER, 0]], false],
      [[[COUNTER, 3]], false],
      [[], false],
    ],
  );
  assert.deepEqual(said.slice(0, 2), ["clusters", "reachable"]);
  assert.deepEqual([poller.reachable, poller.interval], [true, 1000]);
  envoy.watched = false;
  assert.equal(poller.interval, 2000, "half as often while nobody looks");
  assert.ok(envoy.asked.every((path) => ["/config_dump", "/stats", "/clusters"].includes(path)));
  await poller[Symbol.asyncDispose]();
});

test("an Envoy that is gone is said once, and read again when it is back", async (t) => {
  const { envoy, readings, said, poller, round } = world(t);
  await settled();
  envoy.up = false;
  await round();
  await round();
  envoy.up = true;
  await round();
  assert.deepEqual(
    said.filter((word) => word !== "clusters"),
    ["reachable", "lost", "reachable"],
  );
  assert.equal(readings.length, 2);
  await poller[Symbol.asyncDispose]();
});

test("a restart is not forgotten when the reading that found it is lost", async (t) => {
  const { envoy, receiver, readings, said, poller, round } = world(t);
  await settled();
  envoy.began = "2026-11-23T10:00:01.000Z";
  receiver.up = false;
  await round();
  receiver.up = true;
  const before = readings.length;
  await round();
  const [reading] = readings.slice(before);
  assert.deepEqual([reading?.restarted, reading?.changed], [true, [[COUNTER, 0]]]);
  assert.ok(said.includes("clusters of another"));
  await round();
  assert.equal(readings.at(-1)?.restarted, false);
  await poller[Symbol.asyncDispose]();
});

test("stopping does not wait for an answer that does not come", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const poller = new AdminPoller({
    source: { id: "e1", openAdmin: () => new Promise(() => {}) },
    log: silentLogger,
    isWatched: () => true,
    now: () => 0,
    diff: () => Promise.reject(new Error("not reached")),
    onCounters: () => assert.fail("nothing was read"),
    onClusters: () => assert.fail("nothing was read"),
    onReachable: () => assert.fail("nothing is known"),
    onRestart: () => assert.fail("nothing is known"),
  });
  await settled();
  await poller[Symbol.asyncDispose]();
  assert.equal(poller.reachable, false);
});
