import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn } from "./drawn.ts";

function world(count: number) {
  const things = Array.from({ length: count }, (_, id) => ({ id, changes: 0 }));
  const drawings: number[] = [];
  const drawing = drawn(
    () => things,
    ({ changes }) => changes,
    ({ id, changes }) => {
      drawings.push(id);
      return `${id} ${changes}`;
    },
  );
  return { things, drawings, drawing };
}

test("each is drawn once, in a step of its own, and again when it changed meanwhile", () => {
  const { things, drawings, drawing } = world(100);
  for (let step = 0; step < 60; step++) drawing.next();
  for (const thing of things.slice(0, 30)) thing.changes++;
  let last = drawing.next();
  while (last.done !== true) last = drawing.next();
  assert.deepEqual([drawings.length, drawings.slice(100)], [130, things.slice(0, 30).map(({ id }) => id)]);
  things[99]!.changes = 7;
  const drawingOf = last.value;
  assert.deepEqual(
    things.map((thing) => drawingOf(thing)),
    things.map(({ id, changes }) => `${id} ${changes}`),
  );
  assert.equal(drawings.length, 131, "only the one that changed since");
});

test("what changes at each step is drawn at last all the same", () => {
  const { things, drawing } = world(50);
  for (let last = drawing.next(); ; last = drawing.next()) {
    for (const thing of things) thing.changes++;
    if (last.done !== true) continue;
    assert.equal(last.value(things[3]!), `3 ${things[3]!.changes}`);
    return;
  }
});

test("one that was not there is drawn when it is asked", () => {
  const { drawing } = world(30);
  let last = drawing.next();
  while (last.done !== true) last = drawing.next();
  assert.equal(last.value({ id: 30, changes: 2 }), "30 2");
});
