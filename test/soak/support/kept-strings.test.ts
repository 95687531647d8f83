import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { getHeapSnapshot } from "node:v8";
import { keptStrings } from "./kept-strings.ts";

test("what keeps a string is named, and what only knows it weakly is no way to it", async () => {
  const name = (index: number): string => ["soak", "kept", index].join("-");
  const keeper = { pockets: new Map([[1, { inside: name(1) }]]) };
  const weak = new WeakRef({ inside: name(2) });
  // In the turn in which it is made a WeakRef keeps what it refers to.
  await setImmediate();
  const snapshot = (await buffer(getHeapSnapshot())).toString();
  const ways = [...keptStrings(snapshot, /^soak-kept-\d$/)];
  assert.equal(ways.length, 1, ways.join("\n"));
  assert.match(ways[0]?.[0] ?? "", /^\.inside < \.pockets/);
  assert.equal(ways[0]?.[1], 1);
  assert.deepEqual([keeper.pockets.size, typeof weak], [1, "object"]);
});
