import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonPieces } from "./json-pieces.ts";

const LONG = Array.from({ length: 173 }, (_, index) => ({ index, text: `"${index}"`, none: undefined }));

for (const value of [
  {},
  { none: undefined },
  { 'a "key"': 1, text: "é\n", none: undefined, empty: [], object: { list: [1, undefined, null] } },
  { none: undefined, long: LONG, after: true },
  { exactly: LONG.slice(0, 50), more: LONG.slice(0, 51), twice: LONG.slice(0, 100), gaps: Array(60).fill(undefined) },
]) {
  test(`the pieces are what JSON.stringify writes: ${Object.keys(value).join(", ") || "nothing"}`, () => {
    assert.equal([...jsonPieces(value)].join(""), JSON.stringify(value));
  });
}

test("a long list is several pieces, none of them long", () => {
  const pieces = [...jsonPieces({ long: LONG })];
  assert.ok(pieces.length > 3);
  assert.ok(Math.max(...pieces.map(({ length }) => length)) < JSON.stringify(LONG).length / 2);
});
