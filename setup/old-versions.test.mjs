import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { namedFolders } from "./named-folders.mjs";
import { noteUse, sweepOldVersions } from "./old-versions.mjs";
import { pins } from "./pins.mjs";
import { place } from "./place.mjs";

const day = 24 * 3600_000;
const start = Date.now();
let cache;

beforeEach(() => (cache = mkdtempSync(join(tmpdir(), "binnacle-cache-"))));
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** A finished folder that was used last so many days after the start. */
async function made(name, version, used = 0) {
  const folder = join(cache, `${name}-${version}`);
  await place(folder, async () => [`name: ${name}`, `version: ${version}`, "from: a test"]);
  noteUse(folder, new Date(start + used * day));
  return folder;
}

function swept(named, days, options = {}) {
  const lines = [];
  sweepOldVersions(cache, named, { now: start + days * day, tell: (line) => lines.push(line), ...options });
  return lines;
}

test("versions that nothing names go after a week, told in one line; what is named stays", async () => {
  const named = await made("tool", "2.0");
  await made("tool", "1.0");
  await made("other", "3.0+ds-1");
  assert.deepEqual(swept([named], 6), []);
  const [line, ...more] = swept([named], 8);
  assert.match(line, /: other-3\.0\+ds-1, tool-1\.0$/);
  assert.deepEqual(more, []);
  assert.deepEqual(readdirSync(cache), ["tool-2.0"]);
  assert.deepEqual(swept([named], 100), []);
});

test("what another checkout of this machine used within the week stays", async () => {
  const theirs = await made("tool", "1.0");
  swept([theirs], 8);
  assert.deepEqual(swept([], 14), []);
  assert.equal(swept([], 16).length, 1);
});

test("what set-up did not make stays, whatever it is called", async () => {
  mkdirSync(join(cache, "tool-1.0"));
  mkdirSync(join(cache, "debian-wrk"));
  writeFileSync(join(cache, "debian-wrk", "SOURCE"), "name: somebody's\nversion: 1\n");
  writeFileSync(join(cache, "tool.unavailable"), "");
  await made("kept", "1.0", 95);
  assert.deepEqual(swept([], 100), []);
  assert.deepEqual(readdirSync(cache).sort(), ["debian-wrk", "kept-1.0", "tool-1.0", "tool.unavailable"]);
});

test("of each kind of layer the one that was used last stays", async () => {
  await made("image-base", "a1", 1);
  await made("image-base", "a2", 2);
  await made("image-envoy", "b1", 0);
  swept([], 100);
  assert.deepEqual(readdirSync(cache), ["image-base-a2", "image-envoy-b1"]);
});

test("what a bed ran in goes with the bed", async () => {
  await made("bed", "c1");
  mkdirSync(join(cache, "bed-c1-run"));
  swept([], 8);
  assert.deepEqual(readdirSync(cache), []);
});

test("a program that runs is left where it is", async () => {
  const folder = await made("sleeper", "1.0");
  const program = join(folder, "sleeper");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["60"]);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.once("spawn", resolve));
  assert.deepEqual(swept([], 8), []);
  child.kill("SIGKILL");
  await ended;
  assert.equal(swept([], 8).length, 1);
});

test("this checkout names what is pinned, and a folder for each bed and server of the tests", () => {
  const names = namedFolders().map((folder) => folder.slice(folder.lastIndexOf("/") + 1));
  for (const name of ["envoy", "go", "node", "npm"]) assert.ok(names.includes(`${name}-${pins[name].version}`), name);
  for (const start of ["pebble-", "ratelimit-", "oauth2-proxy-", "kubebox-", "openstack-", "moto-"])
    assert.equal(names.filter((name) => name.startsWith(start)).length, 1, start);
});
