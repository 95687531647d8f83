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

test("a line stays one line, and a terminal obeys nothing in it", () => {
  const lines: string[] = [];
  const log = createLogger({ level: "info", format: "text", write: (line) => void lines.push(line) });
  const clear = "\u001b[2J";
  log.warn(`refused\n12:00 error ${clear}`, {
    envoy: clear,
    path: "\u009b31m",
    words: `a b${clear}\u009b\u2028`,
    none: "",
  });
  const [line = ""] = lines;
  assert.doesNotMatch(line, /[\p{Cc}\p{Zl}]/u);
  assert.match(
    line,
    /refused\\u000a12:00 error \\u001b\[2J envoy="\\u001b\[2J" path="\\u009b31m" words="a b.*" none=""$/,
  );
});
