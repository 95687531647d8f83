import assert from "node:assert/strict";
import { test } from "node:test";
import { differingFields } from "./differing-fields.ts";

test("fields are told as deep as they differ", () => {
  const before = { spec: { rules: [{ host: "a", paths: [1, 2] }], x: 1 }, same: {} };
  const after = { spec: { rules: [{ host: "b", paths: [1] }], y: 1 }, same: {} };
  assert.deepEqual(differingFields(before, after), ["spec.rules[0].host", "spec.rules[0].paths", "spec.x", "spec.y"]);
});

test("of very many the first are told, and how many more there are", () => {
  const many = Object.fromEntries(
    Array.from({ length: 25 }, (_, index) => [`k${String(index).padStart(2, "0")}`, index]),
  );
  const fields = differingFields({}, many);
  assert.deepEqual([fields.length, fields.at(-1)], [21, "5 more"]);
});
