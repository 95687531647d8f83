import assert from "node:assert/strict";
import { test } from "node:test";
import { type InSteps, InTurns, type StepEnd } from "./in-turns.ts";

function world() {
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const inTurns = new InTurns((turn) => turns.push(turn));
  function* work(name: string, ends: readonly StepEnd[]): InSteps<string> {
    for (const end of ends) {
      done.push(name);
      yield end;
    }
    return name;
  }
  return { turns, done, inTurns, work };
}

test("one work after the other, none in the turn that asked for it, and what is long in a turn of its own", async () => {
  const { turns, done, inTurns, work } = world();
  const [a, b] = [inTurns.do(work("a", ["turn", "turn"])), inTurns.do(work("b", ["turn"]))];
  assert.deepEqual([done, turns.length], [[], 1]);
  turns.shift()?.();
  assert.deepEqual([done, turns.length], [["a"], 1]);
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
  assert.deepEqual([done, await a, await b], [["a", "a", "b"], "a", "b"]);
});

test("a work that throws ends alone, and says so", async () => {
  const { turns, inTurns, work } = world();
  function* broken(): InSteps<void> {
    yield "turn";
    throw new Error("broken");
  }
  const failed = inTurns.do(broken());
  inTurns.add(broken());
  const after = inTurns.do(work("after", ["turn"]));
  const thrown: unknown[] = [];
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    try {
      turn();
    } catch (error) {
      thrown.push(error);
    }
  }
  await assert.rejects(failed, /broken/);
  assert.deepEqual([thrown.map(String), await after], [["Error: broken"], "after"]);
});
