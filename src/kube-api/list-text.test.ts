import assert from "node:assert/strict";
import { test } from "node:test";
import { listText } from "./list-text.ts";

test("the pieces make one document, of no item, one and many", () => {
  for (const count of [0, 1, 3000]) {
    const items = Array.from({ length: count }, (_, at) => ({ at, text: "x".repeat(100) }));
    const pieces = [...listText({ kind: "List", metadata: { continue: "]}" } }, "items", items)];
    assert.deepEqual(JSON.parse(pieces.join("")), { kind: "List", metadata: { continue: "]}" }, items });
    assert.equal(pieces.length > 1, count === 3000);
  }
});

test("an item is made when its piece is asked for, not before", () => {
  let made = 0;
  function* items(): Generator<object> {
    for (;;) yield { at: ++made, text: "x".repeat(1000) };
  }
  const pieces = listText({}, "items", items());
  pieces.next();
  assert.ok(made < 100, `${made} items for the first piece`);
});
