import assert from "node:assert/strict";
import { existsSync, rmSync, statSync } from "node:fs";
import { test } from "node:test";
import { isRunning, processEnd } from "#supervisor/process-identity.ts";
import { isServed, StandByHome } from "./support/stand-by-home.ts";
import { until } from "./support/until.ts";

test("asked by a control plane that has nothing to say yet it serves, also one that comes later; told to rest it goes with the socket", async () => {
  await using home = await StandByHome.create();
  await using controlPlane = await home.controlPlane();
  controlPlane.order = "serve";
  await home.serves();
  const killed = controlPlane.pid!;
  const first = home.servingProcess(killed);
  process.kill(killed, "SIGKILL");
  await processEnd(first, AbortSignal.timeout(60_000));
  const next = await until(() => controlPlane.pid, {
    accept: (pid) => pid !== undefined && pid !== killed,
    what: "another one",
  });
  const second = await until(() => home.servingProcess(next), { what: "it to load the archive" });
  await home.serves();
  controlPlane.order = "rest";
  await using _ = await home.xdsServer();
  const { ino } = statSync(home.places.xdsSocket);
  await processEnd(second, AbortSignal.timeout(60_000));
  assert.deepEqual([isRunning(second), statSync(home.places.xdsSocket).ino], [false, ino]);
});

test("told to rest before the archive is loaded, it never comes to serve", async () => {
  await using home = await StandByHome.create();
  await using controlPlane = await home.controlPlane();
  controlPlane.order = "serve";
  const serving = await until(() => home.servingProcess(controlPlane.pid), { intervalMs: 1, what: "its start" });
  controlPlane.order = "rest";
  await processEnd(serving, AbortSignal.timeout(60_000));
  assert.deepEqual([isRunning(serving), await isServed(home.places.xdsSocket)], [false, false]);
});

test("the socket by which it finds a control plane is deleted: another one finds that all the same", async () => {
  await using home = await StandByHome.create();
  await using controlPlane = await home.controlPlane();
  const killed = controlPlane.pid!;
  rmSync(home.places.controlPlaneSocket);
  await until(() => existsSync(home.places.controlPlaneSocket), { what: "the socket" });
  assert.equal(controlPlane.pid, killed, "who was connected stays so");
  process.kill(killed, "SIGKILL");
  const other = (pid: number | undefined): boolean => pid !== undefined && pid !== killed;
  await until(() => controlPlane.pid, { accept: other, what: "another one" });
});
