import assert from "node:assert/strict";
import { test } from "node:test";
import { isEarlier } from "./resource-version.ts";

const at = (resourceVersion?: string) => ({ metadata: resourceVersion === undefined ? {} : { resourceVersion } });

test("versions are compared as numbers, however long", () => {
  assert.equal(isEarlier(at("9"), "10"), true);
  assert.equal(isEarlier(at("10"), "9"), false);
  assert.equal(isEarlier(at("10"), "10"), false);
  assert.equal(isEarlier(at("9007199254740992001"), "9007199254740992002"), true);
});

test("what is no number is never earlier", () => {
  for (const [one, other] of [
    ["", "10"],
    ["a", "b"],
    ["1", ""],
    ["01", "2"],
  ] as const)
    assert.equal(isEarlier(at(one), other), false, `${one} ${other}`);
  assert.equal(isEarlier(at(), "10"), false);
});
