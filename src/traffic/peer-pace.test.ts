import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerPace } from "./peer-pace.ts";

test("a second's worth may come at once; who is ahead waits until it is not", () => {
  const pace = new PeerPace(1000);
  assert.equal(pace.take("a", 1000, 0, 0), 0);
  assert.equal(pace.take("a", 500, 0, 0), 500);
  assert.equal(pace.take("a", 0, 0, 500), 0);
  assert.equal(pace.take("a", 1000, 0, 500), 1000);
  assert.equal(pace.take("b", 1000, 0, 500), 0, "another is not held for it");
});

test("few large entries count as many", () => {
  assert.equal(new PeerPace(1000).take("a", 1, 1024 * 1024, 0), 1048);
});

test("who was quiet is forgotten", () => {
  const pace = new PeerPace(1000);
  for (let peer = 0; peer < 50; peer++) pace.take(`p${peer}`, 1, 1, 0);
  pace.take("later", 1, 1, 20_000);
  assert.equal(pace.size, 1);
});
