import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { identify, isRunning } from "#supervisor/process-identity.ts";
import { AdsClient } from "../contract/support/ads-client.ts";
import { StandByHome } from "./support/stand-by-home.ts";

const MAIN = fileURLToPath(new URL("../../src/snapshot-server/main.ts", import.meta.url));

test("where no file can grow, as on a full disk, it serves all the same", async () => {
  await using home = await StandByHome.create();
  mkdirSync(home.places.folder);
  assert.equal(existsSync(`${home.places.archive}-shm`), false, "what SQLite keeps beside the archive is not there");
  const program = [process.execPath, MAIN, "--state", home.path];
  const standBy = spawn("sh", ["-c", 'ulimit -f 0; exec "$@"', "sh", ...program], {
    env: { NODE_COMPILE_CACHE: join(home.places.cache, "build") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(standBy, "exit");
  try {
    await home.serves();
    using client = new AdsClient(`unix:${home.places.xdsSocket}`);
    client.ask("listener");
    assert.deepEqual(Object.keys((await client.taken()).versions), ["http"]);
    assert.equal(standBy.exitCode, null);
  } finally {
    standBy.kill("SIGTERM");
    await ended;
  }
});

test("where nothing can be written down, the control plane has one, and ends it", async () => {
  await using home = await StandByHome.create();
  for (const blocked of [home.places.log, `${home.places.record}.new`]) mkdirSync(blocked, { recursive: true });
  const controlPlane = await home.controlPlane();
  assert.match(home.log.join("\n"), /the snapshot server has no log/);
  const self = identify(controlPlane.pid!)!;
  await controlPlane.stop();
  assert.equal(isRunning(self), false);
});
