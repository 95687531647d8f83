import assert from "node:assert/strict";
import { test } from "node:test";
import { calmWhile, createLogger } from "./log.ts";

test("a calm log keeps information back, also of its rooms, until it is calm no more; warnings come at once", () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line.split(" ").at(-1) ?? "");
  let isCalm = true;
  const log = calmWhile(() => isCalm, createLogger({ level: "info", format: "text", write }));
  const room = log.room("envoy");
  room.info("started");
  room.warn("slow");
  isCalm = false;
  room.info("changed");
  log.info("done");
  assert.deepEqual(lines, ["slow", "changed", "done"]);
});
