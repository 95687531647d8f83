import assert from "node:assert/strict";
import { test } from "node:test";
import { finished } from "./in-turns.ts";
import { RequestRing } from "./ring.ts";
import { rowForTests } from "./row-for-tests.ts";

const ANY = () => true;
const ALWAYS = { from: 0, to: Number.POSITIVE_INFINITY, limit: 100 };

function ringOf(limits: { age: number; bytes: number }, count: number): RequestRing {
  const ring = new RequestRing(limits);
  for (let id = 1; id <= count; id++) ring.push(rowForTests({ id, time: id * 10 }), id * 10);
  return ring;
}

function ids(ring: RequestRing): readonly number[] {
  return finished(ring.query(ANY, ALWAYS))().map(({ id }) => id);
}

test("rows come newest first, and it says when there are more", () => {
  const ring = ringOf({ age: 1000, bytes: 1e6 }, 5);
  assert.deepEqual(ids(ring), [5, 4, 3, 2, 1]);
  const found = finished(ring.query(({ id }) => id !== 4, { from: 10, to: 50, limit: 2 }))();
  assert.deepEqual(
    found.map(({ id }) => id),
    [3, 2, 1],
    "one more than was asked for",
  );
  assert.equal(finished(ring.query(ANY, { from: 10, to: 60, limit: 5 }))().length, 5);
});

test("what is too old goes", () => {
  const ring = ringOf({ age: 25, bytes: 1e6 }, 5);
  assert.deepEqual(ids(ring), [5, 4, 3]);
  ring.trim(1000);
  assert.deepEqual([ring.size, ring.bytes, ring.since], [0, 0, undefined]);
});

test("what is too much goes, oldest first, however many there are", () => {
  const ring = ringOf({ age: 1e9, bytes: 20_000 }, 5000);
  assert.ok(ring.bytes <= 20_000 && ring.size > 10);
  assert.equal(ids(ring)[0], 5000);
  assert.equal(ring.since, (5000 - ring.size + 1) * 10);
});

test("a long path weighs what it is", () => {
  const ring = new RequestRing({ age: 1e9, bytes: 10_000 });
  ring.push(rowForTests({ id: 1 }), 0);
  ring.push(rowForTests({ id: 2, path: "x".repeat(9_800) }), 0);
  assert.deepEqual(ids(ring), []);
});
