import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_ROWS, RequestLog } from "./request-log.ts";
import { testRow } from "./test-rows.ts";

function ids(log: RequestLog): number[] {
  return log.view().rows.map(({ id }) => id);
}

function rows(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => testRow(from + index));
}

test("while it is held the rows stand still and new ones are counted; letting go shows them", () => {
  const log = new RequestLog();
  log.add(rows(1, 3));
  log.hold();
  const before = log.view();
  log.add(rows(4, 5));
  assert.equal(log.view().rows, before.rows);
  assert.equal(log.view().waiting, 2);
  log.letGo();
  assert.deepEqual(ids(log), [1, 2, 3, 4, 5]);
  assert.equal(log.view().waiting, 0);
});

test("rows and what waits are bounded; the count of what waits is honest all the same", () => {
  const log = new RequestLog();
  log.add(rows(1, MOST_ROWS + 5));
  assert.equal(log.view().rows.length, MOST_ROWS);
  assert.equal(log.view().rows[0]?.id, 6);
  log.hold();
  log.add(rows(20_001, 27_000));
  assert.equal(log.view().waiting, 7000);
  log.letGo();
  assert.equal(log.view().rows.length, MOST_ROWS);
  assert.equal(log.view().rows.at(-1)?.id, 27_000);
});

test("a snapshot after a lost connection repeats nothing", () => {
  const log = new RequestLog();
  log.addSnapshot(rows(1, 5));
  log.addSnapshot(rows(3, 7));
  assert.deepEqual(ids(log), [1, 2, 3, 4, 5, 6, 7]);
});

test("a snapshot while held waits like other rows", () => {
  const log = new RequestLog();
  log.add(rows(1, 5));
  log.hold();
  log.add(rows(6, 6));
  log.addSnapshot(rows(4, 8));
  assert.equal(log.view().waiting, 3);
  log.letGo();
  assert.deepEqual(ids(log), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("after a restart of Binnacle ids begin again: all rows are new, told apart, and what may be missing is said", () => {
  for (const start of [1, 101]) {
    const log = new RequestLog();
    log.add([testRow(100, { time: 1000 }), testRow(101, { time: 2000 })]);
    log.addSnapshot([testRow(start, { time: 1500 }), testRow(start + 1, { time: 3000 })]);
    log.add([testRow(start + 2, { time: 3100 })]);
    log.prepend([testRow(start + 2, { time: 3100 }), testRow(start, { time: 1500 })]);
    const { rows: shown, gaps } = log.view();
    assert.deepEqual(
      shown.map(({ time }) => time),
      [1000, 2000, 1500, 3000, 3100],
    );
    assert.equal(new Set(ids(log)).size, 5);
    assert.deepEqual([...gaps], [shown[2]?.id]);
  }
});

test("what a page that slept did not hear is missing, and said to be; so is what was too much to hold back", () => {
  const log = new RequestLog();
  log.addSnapshot(rows(1, 5));
  log.addSnapshot(rows(4, 7));
  assert.deepEqual([...log.view().gaps], []);
  log.addSnapshot(rows(500, 510));
  assert.deepEqual([...log.view().gaps], [500]);
  log.hold();
  log.add(rows(511, 6510));
  log.letGo();
  assert.deepEqual([...log.view().gaps], [500, 1511]);
  log.add(rows(6511, 20_000));
  assert.deepEqual([...log.view().gaps], [], "gone with their rows");
  log.clear();
  log.addSnapshot(rows(30_000, 30_001));
  assert.deepEqual([...log.view().gaps], []);
});

test("another filter's rows are gone at once, also while held", () => {
  const log = new RequestLog();
  log.add(rows(1, 3));
  log.hold();
  log.add(rows(4, 4));
  log.clear();
  assert.deepEqual([ids(log), log.view().waiting], [[], 0]);
});

test("older rows go before the others, each once, and as many as there is room for", () => {
  const log = new RequestLog();
  log.add(rows(100, 102));
  log.prepend(rows(97, 100).toReversed());
  assert.deepEqual(ids(log), [97, 98, 99, 100, 101, 102]);
  log.prepend(rows(1, 20_000).toReversed());
  assert.equal(log.view().rows.length, MOST_ROWS);
  assert.equal(log.view().rows.at(-1)?.id, 102);
});
