import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions, inRange, parseVersion } from "./versions.mjs";

test("the version is found in what programs print", () => {
  const printed = {
    "envoy  version: 9e0b8f0c1d/1.40.0/Clean/RELEASE/BoringSSL": [1, 40, 0],
    "prometheus, version 2.42.0+ds (branch: debian/sid)\n go version: go1.19.8": [2, 42, 0],
    "Jsonnet commandline interpreter (Go implementation) v0.20.0": [0, 20, 0],
    "0.25.0-1+b4": [0, 25, 0],
    "11.19.1\n": [11, 19, 1],
    2.36: [2, 36],
  };
  for (const [text, version] of Object.entries(printed)) assert.deepEqual(parseVersion(text), version, text);
  assert.equal(parseVersion("no version here, go1 only"), undefined);
});

test("numbers are compared as numbers, and a missing part is a zero", () => {
  assert.equal(compareVersions([1, 9], [1, 10]), -1);
  assert.equal(compareVersions([2], [2, 0, 0]), 0);
  assert.equal(compareVersions([3, 1], [3, 0, 9]), 1);
});

test("a range holds all its parts", () => {
  assert.equal(inRange([1, 38, 0], ">=1.38 <1.42"), true);
  assert.equal(inRange([1, 41, 9], ">=1.38 <1.42"), true);
  assert.equal(inRange([1, 42, 0], ">=1.38 <1.42"), false);
  assert.equal(inRange([1, 37, 5], ">=1.38 <1.42"), false);
  assert.equal(inRange([4, 0], "<=4"), true);
  assert.equal(inRange([4, 0], ">4"), false);
  assert.throws(() => inRange([1], "^1.2"), /not a version range/);
});
