import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./support/until.ts";
import { TrafficRig } from "./traffic/traffic-rig.ts";

test("an Envoy that restarts: totals never go back, nothing counts twice, nothing is lost", async () => {
  await using rig = await TrafficRig.start();
  await rig.getMany(20, "/cart/a");
  await rig.counted(20);
  await rig.restartEnvoy();
  // As many as before, so that the counter stands where it stood.
  await rig.getMany(20, "/cart/a");
  const picture = await rig.counted(40);
  assert.equal(picture.totals.counts.requests, 40);
  assert.ok(rig.traffic.markers("all").some(({ text }) => text === "Envoy test was restarted"));
  await rig.getMany(5, "/cart/a");
  assert.equal((await rig.counted(45)).totals.counts.requests, 45);
});

test("without a control plane Envoy goes on; what it counted meanwhile is there afterwards, and requests come again", async () => {
  await using rig = await TrafficRig.start();
  await rig.getMany(10, "/cart/a");
  await rig.counted(10, 10);
  await rig.stopTraffic();
  assert.deepEqual(await rig.getMany(30, "/cart/a"), Array(30).fill(200));
  await rig.startTraffic();
  assert.equal((await rig.counted(40)).totals.counts.requests, 40);
  // Envoy connects again by itself; what it could not send meanwhile it may or may not have kept.
  const shown = await until(
    async () => {
      await rig.get("/cart/again");
      return (await rig.snapshot()).requests.filter(({ path }) => path === "/cart/again");
    },
    { accept: (rows) => rows.length > 0, what: "requests to come again", intervalMs: 200 },
  );
  assert.equal(shown[0]?.code, 200);
});

test("an Envoy that is gone is said to be, and its totals stay", async () => {
  await using rig = await TrafficRig.start();
  await rig.getMany(5, "/cart/a");
  await rig.counted(5);
  await rig.envoy[Symbol.asyncDispose]();
  await until(() => rig.traffic.sampling("all").envoys[0]?.reachable === false, { what: "the loss to be noticed" });
  assert.equal((await rig.snapshot()).totals.counts.requests, 5);
  assert.ok(rig.traffic.markers("all").some(({ text }) => text === "Envoy test does not answer"));
});
