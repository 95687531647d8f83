import assert from "node:assert/strict";
import { test } from "node:test";
import { CART_OK, frame, world } from "./core-for-tests.ts";
import type { SnapshotMessage } from "./messages.ts";

/** A world whose turns come when the test says so. */
function slowWorld() {
  const turns: (() => void)[] = [];
  const slow = world((turn) => void turns.push(turn));
  const turn = (): boolean => {
    const next = turns.shift();
    next?.();
    return next !== undefined;
  };
  const finish = (): void => {
    while (turn());
  };
  return { ...slow, turn, finish };
}

function snapshotOf(message: unknown): SnapshotMessage {
  const found = frame(message as SnapshotMessage);
  assert.ok(found.type === "snapshot", found.type);
  return found;
}

/** How many turns the first picture of a quiet world takes. */
function turnsOfAPicture(): number {
  const { second, connect, turn } = slowWorld();
  second();
  connect();
  let turns = 0;
  while (turn()) turns++;
  return turns;
}

test("whatever happens while a picture is drawn and written is told once: in it, or after it", () => {
  const all = turnsOfAPicture();
  assert.ok(all >= 3, `${all} turns`);
  for (let at = 0; at <= all; at++) {
    const { rows, count, second, connect, turn, finish } = slowWorld();
    count({ [CART_OK]: 3 });
    rows({ requestId: "before" });
    second();
    const { messages } = connect();
    for (let turns = 0; turns < at; turns++) turn();
    count({ [CART_OK]: 4 });
    rows({ requestId: "meanwhile" });
    second();
    finish();
    second();
    second();
    const snapshot = snapshotOf(messages[0]);
    const frames = messages.map((message) => frame(message));
    const told = frames.flatMap(({ requests = [] }) => requests.map(({ requestId }) => requestId));
    assert.deepEqual(told, ["before", "meanwhile"], `after ${at} turns`);
    assert.deepEqual(
      frames.map(({ sequence }) => sequence),
      frames.map((_, index) => index + 1),
    );
    const columns = new Map(
      frames.flatMap(({ columns: some = [] }) => some.map(({ time, requests }) => [time, requests])),
    );
    assert.equal(
      [...columns.values()].reduce((sum, requests) => sum + requests, 0),
      7,
      `after ${at} turns`,
    );
    const totals = frames.flatMap(({ totals: some }) => (some === undefined ? [] : [some.counts.requests]));
    assert.equal(totals.at(-1), 7);
    assert.deepEqual(
      totals,
      totals.toSorted((a, b) => a - b),
      "no figure goes back",
    );
    assert.equal(snapshot.hosts[0]?.counts.requests, snapshot.totals.counts.requests, "one moment");
  }
});

test("a picture that nobody waits for any more is not drawn to its end", () => {
  const { second, connect, finish, turn } = slowWorld();
  second();
  const { messages, session } = connect();
  turn();
  session.receive('{"type":"subscribe","filter":{"codes":["5xx"]}}');
  finish();
  assert.deepEqual(
    messages.map((message) => snapshotOf(message).filter),
    [{ codes: ["5xx"] }],
  );
  session.receive('{"type":"subscribe"}');
  session.receive('{"type":"history","id":"h"}');
  turn();
  session.close();
  finish();
  assert.equal(messages.length, 1);
});

test("one that is paused meanwhile gets its picture, and nothing after it until it goes on", () => {
  const { rows, second, connect, finish, turn } = slowWorld();
  second();
  const { messages, session } = connect();
  turn();
  session.receive('{"type":"pause"}');
  finish();
  rows({});
  second();
  assert.equal(messages.length, 1);
  session.receive('{"type":"resume"}');
  finish();
  assert.equal(snapshotOf(messages[1]).requests.length, 1);
});

test("two that look at the same share the work, and both get all of it", () => {
  const { count, second, connect, finish } = slowWorld();
  count({ [CART_OK]: 3 });
  second();
  const [one, other] = [connect(), connect()];
  finish();
  assert.deepEqual(snapshotOf(one.messages[0]), snapshotOf(other.messages[0]));
  assert.equal(snapshotOf(one.messages[0]).hosts[0]?.counts.requests, 3);
});
