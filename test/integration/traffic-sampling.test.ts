import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeltaMessage, ServerMessage, SnapshotMessage } from "#traffic/messages.ts";
import { until } from "./support/until.ts";
import { TrafficRig } from "./traffic/traffic-rig.ts";

test("above the budget ordinary requests are sampled, failures stay whole, totals stay exact", async () => {
  await using rig = await TrafficRig.start({ entriesPerSecond: 50 });
  const { traffic } = rig;
  // Load until the share has fallen, so that the rest of the test runs under it.
  let asked = 0;
  await until(
    async () => {
      asked += (await rig.getMany(100, "/cart/load")).length;
      return traffic.sampling("all");
    },
    {
      accept: ({ sample, words }) => sample < 0.5 && words.includes("1 in"),
      what: "the share to fall",
      intervalMs: 0,
    },
  );
  asked += (await rig.getMany(20, "/dead")).length;
  // Of the rest few are shown now, by chance: asked until one of them is.
  await until(
    async () => {
      asked += (await rig.getMany(100, "/cart/load")).length;
      return (await rig.snapshot()).requests.some(({ weight }) => weight > 1);
    },
    { what: "a row that says how many it stands for", intervalMs: 0 },
  );
  const picture = await until(() => rig.snapshot(), {
    accept: ({ totals, requests }) =>
      totals.counts.requests >= asked && requests.filter(({ path }) => path === "/dead").length >= 20,
    what: `${asked} requests`,
  });
  assert.equal(picture.totals.counts.requests, asked);
  assert.equal(picture.requests.filter(({ kept }) => kept === "failure").length, 20);
  const shown = picture.requests.filter(({ kept }) => kept === "sample");
  assert.ok(shown.length < asked - 20, "not all are shown");
});

test("what is pinned is kept whole while the rest is sampled", async () => {
  await using rig = await TrafficRig.start({ sampleShare: 0.02 });
  rig.traffic.pin({ host: "blog.localhost" }, 60, "all");
  await until(() => rig.traffic.sampling("all").sample, { accept: (share) => share === 1, what: "the pin to be told" });
  // The share is told to Envoy by the time that a request of the host is shown as pinned.
  await until(
    async () => {
      await rig.get("/warm", { host: "blog.localhost" });
      return (await rig.snapshot()).requests.some(({ kept }) => kept === "pinned");
    },
    { what: "the pin to work", intervalMs: 250 },
  );
  await rig.getMany(200, "/cart/load");
  await rig.getMany(30, "/post", { host: "blog.localhost" });
  const posts = await until(async () => (await rig.snapshot()).requests.filter(({ path }) => path === "/post"), {
    accept: (rows) => rows.length >= 30,
    what: "30 pinned requests",
  });
  assert.deepEqual([posts.length, new Set(posts.map(({ kept }) => kept))], [30, new Set(["pinned"])]);
  const load = (await rig.snapshot()).requests.filter(({ path }) => path === "/cart/load");
  assert.ok(load.length < 60, `${load.length} of 200 of the rest are shown`);
});

test("a feed begins with the full picture and adds up to it by deltas", async () => {
  await using rig = await TrafficRig.start();
  await rig.getMany(10, "/cart/a");
  await rig.counted(10, 10);
  const { messages, session } = rig.connect();
  session.receive(JSON.stringify({ type: "subscribe", rowsPerSecond: 500, filter: { hosts: ["shop.localhost"] } }));
  const snapshot = await until(() => messages[0], { what: "the picture" });
  assert.ok(snapshot?.type === "snapshot");
  assert.deepEqual([snapshot.sequence, snapshot.totals.counts.requests, snapshot.requests.length], [1, 10, 10]);
  await rig.getMany(15, "/cart/b");
  await rig.getMany(5, "/post", { host: "blog.localhost" });
  const pictured = await until(() => replay(messages), {
    accept: ({ totals, requests }) => totals === 25 && requests === 25,
    what: "25 requests by deltas",
  });
  assert.deepEqual(pictured, { totals: 25, hosts: { "shop.localhost": 25 }, requests: 25, gaps: 0 });
  session.close();
  const sent = messages.length;
  await rig.getMany(5, "/cart/c");
  await rig.counted(35);
  assert.equal(messages.length, sent, "a closed session is sent nothing");
});

/** What a client knows that has seen these messages. */
function replay(messages: readonly ServerMessage[]) {
  const frames = messages.filter((message): message is SnapshotMessage | DeltaMessage => "sequence" in message);
  const hosts: Record<string, number> = {};
  let [totals, requests, gaps] = [0, 0, 0];
  for (const [index, frame] of frames.entries()) {
    if (frame.sequence !== index + 1) gaps++;
    totals = frame.totals?.counts.requests ?? totals;
    requests += frame.requests?.length ?? 0;
    for (const { key, counts } of frame.hosts ?? []) hosts[key] = counts.requests;
  }
  return { totals, hosts, requests, gaps };
}
