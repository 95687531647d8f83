import assert from "node:assert/strict";
import { test } from "node:test";
import { testRow } from "../feed/test-rows.ts";
import { RequestList } from "./request-list.ts";

function setting() {
  const asked: { id: string; to: number }[] = [];
  const list = new RequestList((id, to) => asked.push({ id, to }));
  const times = (): number[] => {
    list.paint();
    return list.view.value.rows.map(({ time }) => time);
  };
  return { list, asked, times };
}

test("a question whose answer was lost with the connection is asked again, and a late answer to it is nobody's", () => {
  const { list, asked, times } = setting();
  list.open(undefined, true);
  list.addSnapshot([testRow(9)]);
  assert.deepEqual(times(), [9000]);
  list.askOlder();
  list.askOlder();
  assert.deepEqual(asked, [{ id: "2", to: 9001 }]);
  list.giveUpAsking();
  list.askOlder();
  list.answered("2", [testRow(3)], false);
  assert.deepEqual([times(), list.older.value], [[9000], "asked"]);
  list.answered(asked[1]?.id ?? "", [testRow(8), testRow(7)], true);
  assert.deepEqual([times(), list.older.value], [[7000, 8000, 9000], "unknown"]);
});

test("a moment in the address is asked for once the feed stands, and again when the answer was lost", () => {
  const { list, asked, times } = setting();
  list.open(5000, false);
  assert.equal(asked.length, 0);
  list.addSnapshot([testRow(9)]);
  list.giveUpAsking();
  list.addSnapshot([testRow(9)]);
  list.addSnapshot([testRow(9)]);
  assert.deepEqual(
    asked.map(({ to }) => to),
    [5000, 5000],
  );
  list.answered(asked[1]?.id ?? "", [testRow(4)], false);
  assert.deepEqual(times(), [4000]);
  list.giveUpAsking();
  list.addSnapshot([testRow(9)]);
  assert.equal(asked.length, 2);
  list.open(undefined, true);
  assert.deepEqual(times(), [9000]);
});

test("paused or scrolled away rows wait; only when neither holds they come by themselves", () => {
  const { list, times } = setting();
  list.open(undefined, true);
  list.pause(true);
  assert.deepEqual([list.scrolledAway(true), list.scrolledAway(true)], [true, false]);
  list.add([testRow(1)]);
  assert.deepEqual(times(), []);
  list.showWaiting();
  assert.deepEqual(times(), [1000]);
  list.add([testRow(2)]);
  list.pause(false);
  assert.deepEqual(times(), [1000]);
  list.scrolledAway(false);
  assert.deepEqual(times(), [1000, 2000]);
});
