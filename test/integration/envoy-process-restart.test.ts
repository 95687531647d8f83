import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ProcessState } from "#supervisor/process-life.ts";
import { httpGet } from "./support/http-get.ts";
import { staticEnvoy, TestEnvoy } from "./support/static-envoy.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const BACKOFF = { baseMs: 20, maxMs: 100, stableMs: 600_000, loopAfter: 3 };

test("a crash is reported with its reason, and Envoy serves again", async (t) => {
  await using directory = await temporaryDirectory("crash");
  await using upstream = await Upstream.start();
  const { options, port } = await staticEnvoy({
    directory: directory.path,
    upstreamPort: upstream.port,
    options: { backoff: BACKOFF },
  });
  await using envoy = new TestEnvoy(options);
  const states: ProcessState[] = [];
  envoy.events.on("state", (state) => states.push(state));
  await envoy.start(t.signal);
  await envoy.whenLive(t.signal);
  const first = pidOf(envoy.state);

  process.kill(first, "SIGSEGV");
  await until(() => envoy.state, {
    accept: (state) => state.state === "live" && state.pid !== first,
    what: "a new Envoy",
  });
  assert.equal((await httpGet({ port }, "/")).status, 200);
  assert.deepEqual(
    states.map((state) => state.state),
    ["starting", "live", "backoff", "starting", "live"],
  );
  assert.match(reasonOf(states[2]), /^was ended by SIGSEGV: crashed: Segmentation fault$/);

  const second = pidOf(envoy.state);
  process.kill(second, "SIGKILL");
  await until(() => envoy.state, {
    accept: (state) => state.state === "live" && state.pid !== second,
    what: "a new Envoy",
  });
  assert.match(reasonOf(states[5]), /^was ended by SIGKILL, as the kernel does when memory runs out$/);
  assert.equal(envoy.ends, 2);
});

test("a folder that cannot be written any more, as on a full disk, keeps no Envoy from coming back", async (t) => {
  await using directory = await temporaryDirectory("full");
  await using upstream = await Upstream.start();
  const { options, port } = await staticEnvoy({
    directory: directory.path,
    upstreamPort: upstream.port,
    options: { backoff: BACKOFF },
  });
  await using envoy = new TestEnvoy(options);
  await envoy.start(t.signal);
  await envoy.whenLive(t.signal);
  const first = pidOf(envoy.state);
  mkdirSync(join(options.directory, "envoy.json.new"));
  const bootstraps = (): readonly (readonly [string, number])[] =>
    readdirSync(options.directory)
      .filter((name) => name.startsWith("bootstrap-"))
      .map((name) => [name, statSync(join(options.directory, name)).ino]);
  const before = bootstraps();
  process.kill(first, "SIGKILL");
  await until(() => envoy.state, {
    accept: (state) => state.state === "live" && state.pid !== first,
    what: "a new Envoy",
  });
  assert.equal((await httpGet({ port }, "/")).status, 200);
  assert.equal(envoy.ends, 1);
  assert.deepEqual(bootstraps(), before, "what stands is not written again");
});

test("a crash loop is told from a crash, and is left when it is over", async (t) => {
  await using directory = await temporaryDirectory("loop");
  await using upstream = await Upstream.start();
  const { options } = await staticEnvoy({
    directory: directory.path,
    upstreamPort: upstream.port,
    options: { backoff: BACKOFF },
  });
  await using envoy = new TestEnvoy(options);
  await envoy.start(t.signal);
  const states: string[] = [];
  envoy.events.on("state", (state) => {
    states.push(state.state);
    // Each new one is shot as soon as it is seen, until the loop has been reported twice.
    const failed = states.filter((name) => name === "failed").length;
    if (state.state === "starting" && failed < 2) process.kill(state.pid, "SIGABRT");
  });
  process.kill(pidOf(envoy.state), "SIGABRT");
  await until(() => envoy.state, {
    accept: (state) => state.state === "live" && states.includes("failed"),
    what: "the loop to end",
    event: { emitter: envoy.events, name: "state" },
  });
  const ends = states.filter((name) => name === "backoff" || name === "failed");
  assert.deepEqual(ends, ["backoff", "backoff", "failed", "failed"]);
});

test("stopping while it waits for the next try leaves nothing", async (t) => {
  await using directory = await temporaryDirectory("stop");
  await using upstream = await Upstream.start();
  const { options, port } = await staticEnvoy({
    directory: directory.path,
    upstreamPort: upstream.port,
    options: { backoff: { ...BACKOFF, baseMs: 600_000, maxMs: 600_000 } },
  });
  await using envoy = new TestEnvoy(options);
  await envoy.start(t.signal);
  process.kill(pidOf(envoy.state), "SIGKILL");
  await until(() => envoy.state.state === "backoff", { event: { emitter: envoy.events, name: "state" } });
  await envoy.drainAndStop(10_000);
  assert.equal(envoy.state.state, "stopped");
  await assert.rejects(httpGet({ port }, "/"), /ECONNREFUSED/);
});

function pidOf(state: ProcessState): number {
  assert.ok("pid" in state, `no process in state ${state.state}`);
  return state.pid;
}

function reasonOf(state: ProcessState | undefined): string {
  return state !== undefined && "reason" in state ? state.reason : "";
}
