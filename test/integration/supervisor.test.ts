import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createLogger, silentLogger } from "#lib/log.ts";
import { Child, type ChildSpec } from "#supervisor/child.ts";
import { identify, isRunning, type ProcessIdentity } from "#supervisor/process-identity.ts";
import { Supervisor } from "#supervisor/supervisor.ts";
import { firstLine } from "./support/first-line.ts";
import { freePort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { prometheusChild } from "./support/prometheus-child.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const STAND_IN = fileURLToPath(new URL("./support/supervisor-stand-in.ts", import.meta.url));
const BACKOFF = { baseMs: 10, maxMs: 50, stableMs: 600_000, loopAfter: 3 };

/** A child that is a shell script. It is ready when it has made the file `ready` in its folder. */
function script(directory: string, text: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return {
    name: "script",
    command: "/bin/sh",
    args: ["-c", text],
    env: { PATH: "/usr/bin:/bin" },
    cwd: directory,
    ready: () => Promise.resolve(existsSync(join(directory, "ready"))),
    ...more,
  };
}

function running(child: Child): ProcessIdentity {
  const { state } = child;
  const identity = "pid" in state ? identify(state.pid) : undefined;
  assert.ok(identity !== undefined, `no process in state ${state.state}`);
  return identity;
}

test("Prometheus is started, reloaded, restarted when it dies, and stopped", async (t) => {
  await using directory = await temporaryDirectory("child");
  const port = await freePort();
  const options = { directory: directory.path, logger: silentLogger, backoff: BACKOFF };
  const child = new Child(prometheusChild(directory.path, port), options);
  await using _ = child;
  const states: string[] = [];
  child.events.on("state", ({ state }) => states.push(state));
  await child.start(t.signal);
  assert.equal((await httpGet({ port }, "/-/ready")).status, 200);
  assert.ok(child.reload());

  const first = running(child);
  process.kill(first.pid, "SIGKILL");
  await until(() => child.ends === 1 && child.state.state === "live", {
    what: "a new Prometheus",
    event: { emitter: child.events, name: "state" },
  });
  assert.ok(!isRunning(first));
  assert.equal((await httpGet({ port }, "/-/ready")).status, 200);

  const second = running(child);
  await child[Symbol.asyncDispose]();
  assert.ok(!isRunning(second));
  assert.deepEqual(states, ["starting", "live", "backoff", "starting", "live", "draining", "stopped"]);
  assert.ok(!existsSync(join(directory.path, "prometheus.json")), "its record goes with it");
});

test("a Prometheus that outlived a killed control plane is ended, and its port used again", async (t) => {
  await using directory = await temporaryDirectory("orphan");
  const port = await freePort();
  const controlPlane = spawn(process.execPath, [STAND_IN, directory.path, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { pid }: { readonly pid: number } = JSON.parse(await firstLine(controlPlane.stdout));
  const orphan = identify(pid);
  assert.ok(orphan !== undefined);
  controlPlane.kill("SIGKILL");
  await once(controlPlane, "exit");
  assert.ok(isRunning(orphan));

  await using next = new Child(prometheusChild(directory.path, port), {
    directory: directory.path,
    logger: silentLogger,
  });
  await next.start(t.signal);
  assert.ok(!isRunning(orphan));
  assert.equal((await httpGet({ port }, "/-/ready")).status, 200);
});

test("a record that is forged, stale or torn ends no stranger", async (t) => {
  await using directory = await temporaryDirectory("forged");
  const stranger = identify(process.pid);
  assert.ok(stranger !== undefined);
  const records = [
    JSON.stringify({ ...stranger, mark: "script-00000000" }),
    JSON.stringify({ ...stranger, startTicks: 1, mark: "script-00000000" }),
    '{"pid": 1, "startTi',
  ];
  for (const record of records) {
    writeFileSync(join(directory.path, "script.json"), record);
    const spec = script(directory.path, ": > ready; sleep 600");
    await using child = new Child(spec, { directory: directory.path, logger: silentLogger });
    await child.start(t.signal);
    assert.ok(isRunning(stranger), "this process is still here to say so");
  }
});

test("a record that cannot be written leaves no child that nobody knows of", async (t) => {
  await using directory = await temporaryDirectory("unrecorded");
  mkdirSync(join(directory.path, "script.json.new"));
  const lines: string[] = [];
  const logger = createLogger({ level: "debug", format: "text", write: (line) => lines.push(line) });
  const child = new Child(script(directory.path, ": > ready; sleep 600"), { directory: directory.path, logger });
  await child.start(t.signal);
  const identity = running(child);
  assert.match(lines.join("\n"), /script\.json cannot be written/);
  await child[Symbol.asyncDispose]();
  assert.ok(!isRunning(identity));
});

test("what a child has started goes with it, whether it is stopped or dies", async (t) => {
  await using directory = await temporaryDirectory("group");
  const { path } = directory;
  // One in the child's group, and one that moves into a session of its own.
  const spec = script(
    path,
    "sleep 600 & echo $! > grandchild-$$-a; setsid sleep 600 & echo $! > grandchild-$$-b; : > ready; wait",
  );
  await using child = new Child(spec, { directory: path, logger: silentLogger, backoff: BACKOFF });
  await child.start(t.signal);
  const grandchildren = async (): Promise<readonly ProcessIdentity[]> => {
    const { readFile } = await import("node:fs/promises");
    const names = readdirSync(path).filter((name) => name.startsWith("grandchild-"));
    const texts = await Promise.all(names.map((name) => readFile(join(path, name), "utf8")));
    return texts.flatMap((text) => identify(Number(text)) ?? []);
  };
  const first = await until(grandchildren, { accept: (found) => found.length === 2, what: "grandchildren" });
  process.kill(running(child).pid, "SIGKILL");
  const second = await until(grandchildren, {
    accept: (found) => found.length === 2 && !first.some(isRunning),
    what: "the first grandchildren to go, and others to come",
  });
  await child[Symbol.asyncDispose]();
  assert.ok(!second.some(isRunning));
});

test("a child that does not listen to SIGTERM is killed when its grace is over", async (t) => {
  await using directory = await temporaryDirectory("deaf");
  const spec = script(directory.path, "trap '' TERM; : > ready; while :; do sleep 600; done", { graceMs: 50 });
  await using child = new Child(spec, { directory: directory.path, logger: silentLogger });
  await child.start(t.signal);
  const identity = running(child);
  await child[Symbol.asyncDispose]();
  assert.ok(!isRunning(identity));
});

test("a start that fails says why, in the child's own last words", async (t) => {
  await using directory = await temporaryDirectory("fails");
  const options = { directory: directory.path, logger: silentLogger };
  await using bad = new Child(script(directory.path, "echo 'no such table: things' >&2; exit 3"), options);
  await assert.rejects(bad.start(t.signal), {
    name: "ChildStartError",
    message: "script exited with code 3 while it started; it said last:\n  no such table: things",
  });
  assert.equal(bad.state.state, "stopped");
  await using missing = new Child({ ...script(directory.path, ""), command: "/nonexistent/program" }, options);
  await assert.rejects(missing.start(t.signal), /script cannot be started: .*ENOENT/);
  await using slow = new Child(script(directory.path, "sleep 600", { readyTimeoutMs: 50 }), options);
  await assert.rejects(slow.start(t.signal), /script was not ready after 50 ms/);
  const stop = new AbortController();
  await using aborted = new Child(script(directory.path, "sleep 600"), options);
  aborted.events.on("state", ({ state }) => {
    if (state === "starting") stop.abort(new Error("changed my mind"));
  });
  await assert.rejects(aborted.start(stop.signal), /changed my mind/);
  assert.deepEqual(readdirSync(directory.path), [], "no record of a child is left");
});

test("a crash loop is reported; the child's words reach the log", async (t) => {
  await using directory = await temporaryDirectory("loop");
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format: "json", write: (line) => lines.push(line) });
  // The first one stays until it was seen to be ready: a start that fails is told otherwise.
  const stay = "while [ ! -e go ]; do sleep 0.01; done";
  const spec = script(directory.path, `: > ready; echo "level=error msg=leaving"; ${stay}; sleep 0.05; exit 7`);
  await using child = new Child(spec, { directory: directory.path, logger, backoff: BACKOFF });
  await child.start(t.signal);
  writeFileSync(join(directory.path, "go"), "");
  const state = await until(() => child.state, {
    accept: (now) => now.state === "failed",
    event: { emitter: child.events, name: "state" },
  });
  assert.ok(state.state === "failed" && state.attempt >= 3 && state.reason === "exited with code 7");
  // What a child calls an error is a warning of ours, and the rest of its words are detail.
  assert.ok(lines.some((line) => /"level":"warn","room":"script","message":"level=error msg=leaving"/.test(line)));
  assert.ok(lines.some((line) => /"level":"error","room":"script","message":"ends again and again"/.test(line)));
});

test("a port that somebody else holds is told with who it is and what to change", async (t) => {
  await using directory = await temporaryDirectory("port");
  await using foreign = await Upstream.start();
  const options = { directory: directory.path, logger: silentLogger };
  await using child = new Child(prometheusChild(directory.path, foreign.port), options);
  await assert.rejects(child.start(t.signal), {
    name: "PortUnavailableError",
    message: new RegExp(
      `^prometheus cannot listen on 127.0.0.1:${foreign.port}: process ${process.pid} \\(.*\\) already does; ` +
        "stop it, or choose another port with monitoring.prometheus.port$",
    ),
  });
});

test("children start together, are reported in order, and when one fails the others go", async (t) => {
  await using directory = await temporaryDirectory("several");
  const { path } = directory;
  const spec = (name: string, text: string): ChildSpec => {
    const ready = (): Promise<boolean> => Promise.resolve(existsSync(join(path, `ready-${name}`)));
    return { ...script(path, text), name, ready };
  };
  await using supervisor = new Supervisor({ directory: path, logger: silentLogger });
  const ended: string[] = [];
  supervisor.events.on("state", ({ name, state }) => {
    if (state.state === "stopped") ended.push(name);
  });
  await supervisor.start([spec("b", ": > ready-b; sleep 600"), spec("a", ": > ready-a; sleep 600")], t.signal);
  assert.deepEqual(
    supervisor.reports().map(({ name, state, ends }) => [name, state.state, ends]),
    [
      ["a", "live", 0],
      ["b", "live", 0],
    ],
  );
  await assert.rejects(supervisor.start([spec("a", "")], t.signal), /a child named a already/);

  await assert.rejects(
    supervisor.start([spec("d", ": > ready-d; sleep 600"), spec("c", "exit 1")], t.signal),
    /c exited/,
  );
  assert.deepEqual(
    supervisor.reports().map(({ name }) => name),
    ["a", "b"],
  );
  ended.length = 0;
  await supervisor[Symbol.asyncDispose]();
  assert.deepEqual(ended, ["a", "b"], "in the reverse of the order they were named in");
});
