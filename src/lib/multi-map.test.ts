import assert from "node:assert/strict";
import { test } from "node:test";
import { MultiMap } from "./multi-map.ts";

test("a key has the values that were added, each once, in their order", () => {
  const map = new MultiMap<string, string>();
  assert.deepEqual(map.get("a"), []);
  map.add("a", "2");
  map.add("a", "2");
  assert.deepEqual(map.get("a"), ["2"]);
  map.add("a", "1");
  map.add("a", "2");
  map.add("b", "3");
  assert.deepEqual(map.get("a"), ["2", "1"]);
  assert.deepEqual(map.get("b"), ["3"]);
});

test("what is taken out is gone, down to the last value", () => {
  const map = new MultiMap<string, number>();
  for (const value of [1, 2, 3]) map.add("a", value);
  map.delete("a", 2);
  assert.deepEqual(map.get("a"), [1, 3]);
  map.delete("a", 1);
  assert.deepEqual(map.get("a"), [3]);
  map.delete("a", 1);
  assert.deepEqual(map.get("a"), [3], "a value that it does not have");
  map.delete("a", 3);
  assert.deepEqual(map.get("a"), []);
  map.delete("a", 3);
  map.delete("none", 3);
  map.add("a", 4);
  assert.deepEqual(map.get("a"), [4]);
});

test("what was given is not changed later", () => {
  const map = new MultiMap<string, string>();
  map.add("a", "1");
  map.add("a", "2");
  const values = map.get("a");
  map.delete("a", "1");
  assert.deepEqual(values, ["1", "2"]);
});

test("its keys are those that have a value", () => {
  const map = new MultiMap<string, number>();
  map.add("a", 1);
  map.add("a", 2);
  map.add("b", 1);
  map.delete("b", 1);
  assert.deepEqual([...map.keys()], ["a"]);
});
