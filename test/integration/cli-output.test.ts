import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { binnacle } from "./support/cli.ts";
import { freePort, listeningPort } from "./support/free-port.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli.ts");

test("a log that cannot be written, as on a full disk, ends nothing", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [CLI, "nonsense"], { stdio: ["ignore", "ignore", full] });
  closeSync(full);
  assert.deepEqual(await once(child, "exit"), [2, null]);
});

test("an answer that cannot be written is a failure, in words", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [CLI, "--help"], { stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  assert.ok(child.stderr !== null);
  const [words, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.equal(words, "binnacle: the output cannot be written: ENOSPC: no space left on device, write\n");
  assert.equal(code, 1);
});

test("Ctrl-C ends a command at once, also where the API hangs, with the exit code of it", async () => {
  await using home = await temporaryDirectory("cli-ctrl-c");
  // It takes connections and never answers, as an appliance that is stopped or out of memory.
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  await writeFile(join(home.path, "api-address"), `http://127.0.0.1:${listeningPort(silent)}\n`);
  await writeFile(join(home.path, "token"), `${"t".repeat(43)}\n`);
  try {
    for (const command of ["status", "tail", "top"]) {
      const asked = once(silent, "connection");
      const child = spawn(process.execPath, [CLI, command, "--state", home.path], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const words = text(child.stderr);
      const [socket] = (await asked) as [Socket];
      child.kill("SIGINT");
      assert.deepEqual(await once(child, "exit"), [130, null], command);
      assert.equal(await words, "", command);
      socket.destroy();
    }
  } finally {
    silent.close();
  }
});

test("an appliance that has ended is told as one", async () => {
  await using home = await temporaryDirectory("cli-ended");
  const port = await freePort();
  await writeFile(join(home.path, "api-address"), `http://127.0.0.1:${port}\n`);
  await writeFile(join(home.path, "token"), `${"t".repeat(43)}\n`);
  const { code, stderr } = await binnacle(home.path, "status");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^binnacle: no appliance runs with the state directory \S+\n {2}fix: start one with `npm run up`/,
  );
});
