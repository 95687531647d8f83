import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

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
