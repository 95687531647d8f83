import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutNulls } from "./without-nulls.ts";

test("null fields go at every depth, null items stay", () => {
  const value = { a: null, b: { c: null, d: [{ e: null }, null, 1] }, f: 0, g: "" };
  assert.deepEqual(withoutNulls(value), { b: { d: [{}, null, 1] }, f: 0, g: "" });
  assert.deepEqual(value.b.c, null, "the input is left as it is");
});

test("what holds no null is not copied", () => {
  const value = { a: { b: [1, { c: "" }] } };
  assert.equal(withoutNulls(value), value);
});

test("plain values stay", () => {
  for (const value of [null, undefined, 0, "", false]) assert.equal(withoutNulls(value), value);
});
