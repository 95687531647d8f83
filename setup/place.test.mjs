import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { place, sha256, verifyChecksum } from "./place.mjs";
import { describe } from "./problem.mjs";
import { sweep } from "./temporary.mjs";

let cache;
let target;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "binnacle-cache-"));
  target = join(cache, "tool-1.0");
});

afterEach(() => rmSync(cache, { recursive: true, force: true }));

const fill = async (folder) => {
  assert.equal(existsSync(target), false, "nothing is at the place while it is filled");
  writeFileSync(join(folder, "tool"), "#!/bin/sh\n");
  return ["name: tool", "version: 1.0"];
};

test("a folder appears whole, with its SOURCE", async () => {
  await place(target, fill);
  assert.equal(readFileSync(join(target, "SOURCE"), "utf8"), "name: tool\nversion: 1.0\n");
  assert.deepEqual(readdirSync(cache), ["tool-1.0"]);
});

test("a finished folder is not filled again", async () => {
  await place(target, fill);
  await place(target, () => assert.fail("filled again"));
});

test("a failure leaves nothing", async () => {
  await assert.rejects(
    place(target, () => Promise.reject(new Error("no network"))),
    /no network/,
  );
  assert.deepEqual(readdirSync(cache), []);
});

test("a folder without SOURCE is made anew", async () => {
  mkdirSync(target);
  writeFileSync(join(target, "half-a-tool"), "");
  await place(target, async (folder) => {
    writeFileSync(join(folder, "tool"), "");
    return ["name: tool"];
  });
  assert.deepEqual(readdirSync(cache), ["tool-1.0"]);
  assert.deepEqual(readdirSync(target).sort(), ["SOURCE", "tool"]);
});

test("what a killed set-up left is swept up after an hour", () => {
  const made = Date.now();
  mkdirSync(join(cache, "tool-1.0.partial-abc"));
  mkdirSync(target);
  sweep(cache, made + 60_000);
  assert.deepEqual(readdirSync(cache), ["tool-1.0", "tool-1.0.partial-abc"]);
  sweep(cache, made + 2 * 3600_000);
  assert.deepEqual(readdirSync(cache), ["tool-1.0"]);
  sweep(join(cache, "none"));
});

test("two at the same time fill it once", async () => {
  let count = 0;
  const counted = async (folder) => {
    count++;
    return fill(folder);
  };
  await Promise.all([place(target, counted), place(target, counted)]);
  assert.equal(count, 1);
});

test("a wrong checksum is refused with both sums and a way out", () => {
  const file = join(cache, "tool.whl");
  writeFileSync(file, "tampered");
  verifyChecksum(file, sha256(file));
  const refusal = captured(() => verifyChecksum(file, "0".repeat(64)));
  const message = describe(refusal);
  assert.match(message, /refusing tool\.whl/);
  assert.match(message, new RegExp(`expected ${"0".repeat(64)}`));
  assert.match(message, new RegExp(`received ${sha256(file)}`));
  assert.match(message, /fix:/);
});

function captured(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}
