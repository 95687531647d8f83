import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, parseDuration } from "./duration.ts";

for (const [text, milliseconds] of [
  ["0", 0],
  ["0s", 0],
  ["500ms", 500],
  ["15s", 15_000],
  ["1.5s", 1500],
  ["1h30m", 5_400_000],
  ["15d", 1_296_000_000],
  ["100us", 0.1],
  ["2562047h", 9_223_369_200_000],
] as const) {
  test(`${text} is ${milliseconds} ms`, () => assert.equal(parseDuration(text), milliseconds));
}

for (const text of [
  "",
  "5",
  "s",
  "5 s",
  "-5s",
  "+5s",
  "5S",
  "5sec",
  "1h 30m",
  "infinity",
  ".5s",
  "1e3s",
  "5s\n",
  "2562048h",
  `${"9".repeat(400)}h`,
]) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(parseDuration(text), undefined));
}

for (const [milliseconds, text] of [
  [0, "0s"],
  [1, "1ms"],
  [1500, "1s500ms"],
  [90_000, "1m30s"],
  [1_296_000_000, "15d"],
] as const) {
  test(`${milliseconds} ms is written ${text}`, () => {
    assert.equal(formatDuration(milliseconds), text);
    assert.equal(parseDuration(text), milliseconds);
  });
}
