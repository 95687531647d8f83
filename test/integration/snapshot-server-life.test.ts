import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readServerRecord, writeServerRecord } from "#snapshot-server/server-record.ts";
import { stopSnapshotServer } from "#snapshot-server/stop-snapshot-server.ts";
import { silentLogger } from "#lib/log.ts";
import { identify, isRunning, processEnd } from "#supervisor/process-identity.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { SnapshotArchive } from "#xds/snapshot-archive.ts";
import { resource } from "../contract/support/archive-home.ts";
import { isServed, StandByHome } from "./support/stand-by-home.ts";
import { until } from "./support/until.ts";

const MAIN = fileURLToPath(new URL("../../src/snapshot-server/main.ts", import.meta.url));

test("it takes over when the control plane leaves, and stands by again when the next one serves", async () => {
  await using home = await StandByHome.create();
  const first = await home.controlPlane();
  const { pid } = first;
  await first[Symbol.asyncDispose]();
  await home.serves();
  const serving = home.servingProcess(pid);

  await using second = await home.controlPlane();
  assert.equal(second.pid, pid, "the one that runs is adopted");
  assert.ok(await isServed(home.places.xdsSocket), "it goes on until the control plane has the socket");
  await using _ = await home.xdsServer();
  await processEnd(serving, AbortSignal.timeout(60_000));
  assert.equal(isRunning(serving), false, "nothing of it is left");
  assert.ok(await isServed(home.places.xdsSocket), "the control plane's socket is there");
});

test("a server that has the socket without being known is left alone, until it ends", async () => {
  await using home = await StandByHome.create();
  const controlPlane = await home.controlPlane();
  await using server = new AsyncDisposableStack();
  server.use(await home.xdsServer());
  await controlPlane[Symbol.asyncDispose]();
  const { ino } = statSync(home.places.xdsSocket);
  await until(() => readFileSync(home.places.log, "utf8"), {
    accept: (log) => log.includes("another server has the xDS socket"),
    what: "its decision",
  });
  assert.equal(statSync(home.places.xdsSocket).ino, ino);
  await server.disposeAsync();
  await until(() => readFileSync(home.places.log, "utf8"), { accept: (log) => log.includes("serves the archive") });
  await home.serves();
});

test("a control plane that comes while the archive is being loaded is not overtaken", async () => {
  await using home = await StandByHome.create();
  const first = await home.controlPlane();
  const { pid } = first;
  await first[Symbol.asyncDispose]();
  const serving = await until(() => home.servingProcess(pid), { intervalMs: 1, what: "the start of a take-over" });
  await using second = await home.controlPlane();
  await using _ = await home.xdsServer();
  const { ino } = statSync(home.places.xdsSocket);
  assert.ok(await processEnd(serving, AbortSignal.timeout(60_000)), "it is not needed any more");
  assert.deepEqual([second.pid, statSync(home.places.xdsSocket).ino], [pid, ino]);
});

test("stopped with the appliance, it is gone", async () => {
  await using home = await StandByHome.create();
  const controlPlane = await home.controlPlane();
  const self = identify(controlPlane.pid!)!;
  await controlPlane.stop();
  assert.equal(isRunning(self), false);
  assert.equal(await isServed(home.places.xdsSocket), false);
});

test("stopped while it serves, it is gone with all that it started", async () => {
  await using home = await StandByHome.create();
  const controlPlane = await home.controlPlane();
  const self = identify(controlPlane.pid!)!;
  await controlPlane[Symbol.asyncDispose]();
  await home.serves();
  const serving = home.servingProcess(self.pid);
  await stopSnapshotServer(home.path);
  assert.deepEqual([isRunning(self), isRunning(serving)], [false, false]);
  await stopSnapshotServer(home.path);
});

test("killed, it is started again by the control plane that it stood by for", async () => {
  await using home = await StandByHome.create();
  await using controlPlane = await home.controlPlane();
  const killed = controlPlane.pid!;
  process.kill(killed, "SIGKILL");
  const next = await until(() => controlPlane.pid, {
    accept: (pid) => pid !== undefined && pid !== killed,
    what: "another one",
  });
  assert.equal(readServerRecord(home.places.record)?.pid, next);
});

test("killed while it serves, it leaves nothing behind", async () => {
  await using home = await StandByHome.create();
  const controlPlane = await home.controlPlane();
  const { pid } = controlPlane;
  await controlPlane[Symbol.asyncDispose]();
  await home.serves();
  const serving = home.servingProcess(pid);
  process.kill(pid!, "SIGKILL");
  assert.ok(await processEnd(serving, AbortSignal.timeout(60_000)), "the process that serves ends with it");
  // The next control plane finds a record of nobody, and starts one.
  await using next = await home.controlPlane();
  assert.notEqual(next.pid, pid);
});

test("the process that serves may die: it comes again", async () => {
  await using home = await StandByHome.create();
  const controlPlane = await home.controlPlane();
  const { pid } = controlPlane;
  await controlPlane[Symbol.asyncDispose]();
  await home.serves();
  const killed = home.servingProcess(pid);
  process.kill(killed.pid, "SIGKILL");
  await until(() => home.servingProcess(pid).pid !== killed.pid, { what: "another process to serve" });
  await home.serves();
});

test("one of another build is replaced", async () => {
  await using home = await StandByHome.create();
  const first = await home.controlPlane();
  const old = identify(first.pid!)!;
  await first[Symbol.asyncDispose]();
  await home.serves();
  writeServerRecord(home.places.record, { ...old, build: "of another build" });
  await using second = await home.controlPlane();
  assert.notEqual(second.pid, old.pid);
  assert.equal(isRunning(old), false);
});

test("there is one for each state directory", async () => {
  await using home = await StandByHome.create();
  await using controlPlane = await home.controlPlane();
  const other = spawn(process.execPath, [MAIN, "--state", home.path], { stdio: ["ignore", "pipe", "inherit"] });
  const [said, [code]] = await Promise.all([text(other.stdout), once(other, "exit")]);
  assert.equal(code, 1);
  assert.match(said, new RegExp(`has a snapshot server already pid=${controlPlane.pid}`));
});

test("without its state directory it ends", async () => {
  await using home = await StandByHome.create();
  const controlPlane = await home.controlPlane();
  const self = identify(controlPlane.pid!)!;
  await controlPlane[Symbol.asyncDispose]();
  await home.serves();
  const serving = home.servingProcess(self.pid);
  // More than once: while it writes its compiled modules there, a folder may be left.
  await until(() => rmSync(home.path, { recursive: true, force: true }) ?? !existsSync(home.path));
  assert.ok(await processEnd(self, AbortSignal.timeout(60_000)));
  assert.equal(isRunning(serving), false);
});

test("an archive that is damaged is not served at all; the next control plane is told, and makes a new one", async () => {
  await using home = await StandByHome.create();
  const first = await home.controlPlane();
  const { pid } = first;
  writeFileSync(home.places.archive, "no archive, only a file with words in it\n".repeat(200));
  await first[Symbol.asyncDispose]();
  await until(() => readFileSync(home.places.log, "utf8"), {
    accept: (log) => log.includes("is not served: it cannot be read: file is not a database"),
    what: "the reason in the log",
  });
  assert.equal(await isServed(home.places.xdsSocket), false);

  const second = await home.controlPlane();
  assert.equal(second.pid, pid, "it stands by as before");
  assert.match(home.log.join("\n"), /could not stand in for us .*file is not a database/);
  home.writeArchive();
  await second[Symbol.asyncDispose]();
  await home.serves();
});

test("an archive that no Envoy has acknowledged as a whole is not served", async () => {
  await using home = await StandByHome.create();
  rmSync(home.places.archive);
  const controlPlane = await home.controlPlane();
  await controlPlane[Symbol.asyncDispose]();
  await until(() => readFileSync(home.places.log, "utf8"), {
    accept: (log) => log.includes("is not served: there is none yet"),
    what: "the reason in the log",
  });
  assert.equal(await isServed(home.places.xdsSocket), false);
});

test("standing by it costs no processor and little memory, whatever the control plane writes", async () => {
  await using home = await StandByHome.create();
  await using controlPlane = await home.controlPlane();
  await using _ = await home.xdsServer();
  const pid = controlPlane.pid!;
  const snapshot = new Snapshot();
  using archive = new SnapshotArchive(home.places.archive, snapshot, silentLogger);
  snapshot.open();
  // What its start left over comes to an end first: it is so when half a second has cost nothing.
  const before = await until(() => ticks(pid), {
    accept: isSameAsBefore(),
    intervalMs: 500,
    what: "its start to be over",
  });
  for (let change = 0; change < 1500; change++) {
    const host = resource("virtualHost", "t/changing", String(change));
    snapshot.apply([host]);
    snapshot.acknowledge(host);
    archive.flush();
  }
  // Woken by each change, it would be thirty.
  assert.ok(ticks(pid) - before <= 5, `${ticks(pid) - before} hundredths of a second of work for 1500 changes`);
  const anonymous = Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  assert.ok(anonymous < 50_000, `${anonymous} kB of its own`);
});

/** Whether a value is the one that it was asked about before. */
function isSameAsBefore(): (value: number) => boolean {
  let last: number | undefined;
  return (value) => {
    const isSame = value === last;
    last = value;
    return isSame;
  };
}

/** Processor time in clock ticks: fields 14 and 15 of /proc/PID/stat, counted after the program's name. */
function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
