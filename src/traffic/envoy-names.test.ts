import assert from "node:assert/strict";
import { test } from "node:test";
import { EnvoyNames, OTHER_ENVOYS } from "./envoy-names.ts";

test("names are bounded in number and length, and hold nothing that would break a key", () => {
  const names = new EnvoyNames(2);
  assert.equal(names.nameOf("edge-1"), "edge-1");
  assert.equal(names.nameOf("a\nb"), "a?b");
  assert.equal(names.nameOf("edge-3"), OTHER_ENVOYS);
  assert.equal(names.nameOf("edge-1"), "edge-1");
  assert.equal(new EnvoyNames().nameOf("x".repeat(500)).length, 128);
});
