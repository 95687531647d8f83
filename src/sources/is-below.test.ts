import assert from "node:assert/strict";
import { test } from "node:test";
import { foldersAbove, isBelow, pathBelow } from "./is-below.ts";

for (const [path, folder, below] of [
  ["m/a", "m", true],
  ["m", "m", false],
  ["mm/a", "m", false],
  ["/etc/x", "/etc", true],
  ["/etc", "/", true],
  ["a", ".", true],
  [".", ".", false],
  ["..", ".", false],
  ["../a", ".", false],
  ["/a", ".", false],
  ["../m/a", "../m", true],
] as const) {
  test(`${path} is ${below ? "" : "not "}below ${folder}`, () => assert.equal(isBelow(path, folder), below));
}

test("the rest of a path begins after the folder", () => {
  assert.equal(pathBelow("m/a/b", "m"), "a/b");
  assert.equal(pathBelow("/a/b", "/"), "a/b");
  assert.equal(pathBelow("a/b", "."), "a/b");
});

test("the folders above a path come from the inside out", () => {
  assert.deepEqual([...foldersAbove("m/a/b.yaml")], ["m/a", "m"]);
  assert.deepEqual([...foldersAbove("/m/a")], ["/m"]);
  assert.deepEqual([...foldersAbove("a")], []);
});
