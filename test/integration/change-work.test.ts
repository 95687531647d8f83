import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("support/count-changes.ts", import.meta.url));
/** What is inlined is not counted where it is. */
const NOTHING_INLINED = ["--no-opt", "--no-maglev", "--no-sparkplug"];

interface Work {
  readonly name: string;
  /** Calls and blocks: beside some objects, and beside ten times as many. */
  readonly small: number;
  readonly large: number;
  /** What ran more often. */
  readonly grown: readonly string[];
}

test("no work grows with the number of objects that a change has nothing to do with", async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...NOTHING_INLINED, PROGRAM]);
  const told = JSON.parse(stdout) as readonly Work[];
  for (const { name, small, large, grown } of told) {
    await t.test(`${name}: ${small} calls and blocks`, () => {
      assert.ok(small > 1000, "something was counted");
      // A longer name may be a step more; a loop over the others is hundreds.
      assert.ok(large - small < 50, `${large - small} more beside ten times as many:\n${grown.join("\n")}`);
    });
  }
});
