import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { createLogger } from "#lib/log.ts";
import { CapturedOutput, lineLevel } from "./captured-output.ts";

function logger(lines: string[]) {
  return createLogger({ level: "debug", format: "json", write: (line) => lines.push(line) });
}

function messages(lines: readonly string[]): readonly string[] {
  return lines.map((line) => /"message":"([^"]*)"/.exec(line)?.[1] ?? "");
}

test("the level is read from logfmt and JSON", () => {
  assert.equal(lineLevel('ts=2026-01-01 caller=main.go level=warn msg="x"'), "warn");
  assert.equal(lineLevel('time=2026 level=ERROR source=main.go:1 msg="x"'), "error");
  assert.equal(lineLevel('{"ts":1,"level":"debug","msg":"x"}'), "debug");
  assert.equal(lineLevel('{"lvl": "critical"}'), "error");
  assert.equal(lineLevel("the sea level is high"), "info");
});

test("chunks become lines; blanks are left out; what never ends is cut", async () => {
  const lines: string[] = [];
  const output = new CapturedOutput(logger(lines));
  const stream = new PassThrough();
  output.follow(stream);
  for (const chunk of ["on", "e\n\ntwo\r\n", "x".repeat(5000), "x".repeat(5000), "\nlast"]) stream.write(chunk);
  stream.end();
  await once(stream, "end");
  assert.deepEqual(messages(lines), ["one", "two", "x".repeat(4096), "last"]);
});

test("a flood is counted, not passed on", () => {
  const lines: string[] = [];
  let now = 0;
  const output = new CapturedOutput(logger(lines), { lines: 2, windowMs: 1000 }, () => now);
  for (let index = 0; index < 30; index++) output.line(`line ${index}`);
  now = 1000;
  output.line("after");
  assert.deepEqual(messages(lines), ["line 0", "line 1", "lines of output were left out", "after"]);
  assert.match(lines[2] ?? "", /"lines":28/);
  assert.equal(output.lastLines.length, 20);
  assert.equal(output.lastLines.at(-2), "line 29");
});
