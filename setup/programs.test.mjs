import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { findCached, findInstalled, kits } from "./programs.mjs";

const envoy = kits.find((kit) => kit.name === "envoy");
const prometheus = kits.find((kit) => kit.name === "prometheus");
let folder;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "binnacle-programs-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that prints a version, in a folder of its own for PATH. */
function program(place, name, version) {
  mkdirSync(join(folder, place), { recursive: true });
  const path = join(folder, place, name);
  writeFileSync(path, `#!/bin/sh\necho "${name}  version: abc/${version}/Clean"\n`, { mode: 0o755 });
  return path;
}

const find = (env, ...places) =>
  findInstalled(envoy.programs[0], envoy.range, { env, path: places.map((place) => join(folder, place)).join(":") });

test("a program on PATH is taken when its version is in the range", () => {
  const good = program("b", "envoy", "1.39.2");
  program("a", "envoy", "1.30.0");
  program("node_modules/.bin", "envoy", "1.40.0");
  assert.equal(find({}, "b"), good);
  assert.equal(find({}, "a"), undefined, "too old");
  assert.equal(find({}, "a", "b"), good, "the first that fits, not the first");
  assert.equal(find({}, "node_modules/.bin"), undefined, "npm's folders hold no programs of ours");
  assert.equal(find({}, "missing"), undefined);
});

test("a program named by its variable is taken as it is", () => {
  program("b", "envoy", "1.39.2");
  const own = program("own", "my-envoy", "0.1");
  assert.equal(find({ BINNACLE_ENVOY: own }, "b"), own);
});

test("a variable that names nothing is a mistake, not a reason to take another", () => {
  program("b", "envoy", "1.39.2");
  assert.throws(() => find({ BINNACLE_ENVOY: "/nonexistent/envoy" }, "b"), /BINNACLE_ENVOY does not name a program/);
});

test("the newest finished folder of the cache within the range is used", () => {
  const make = (name, complete = true) => {
    mkdirSync(join(folder, name));
    if (complete) writeFileSync(join(folder, name, "SOURCE"), "");
  };
  assert.equal(findCached(prometheus, join(folder, "none")), undefined);
  make("prometheus-2.31.0+ds-1");
  assert.equal(findCached(prometheus, folder), undefined, "too old");
  make("prometheus-2.53.3+ds1-2");
  make("prometheus-2.45.0");
  make("prometheus-3.9.0", false);
  make("prometheus-node-exporter-1.5.0");
  assert.equal(findCached(prometheus, folder), join(folder, "prometheus-2.53.3+ds1-2"));
});
