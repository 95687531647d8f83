import assert from "node:assert/strict";
import { test } from "node:test";
import { firstContentLine, splitDocuments } from "./split-documents.ts";

for (const [text, expected] of [
  ["", [[1, ""]]],
  ["a: 1", [[1, "a: 1"]]],
  [
    "a: 1\n---\nb: 2\n",
    [
      [1, "a: 1\n"],
      [2, "---\nb: 2\n"],
    ],
  ],
  [
    "---\na: 1\n---\n---\nb: 2",
    [
      [1, "---\na: 1\n"],
      [3, "---\n"],
      [4, "---\nb: 2"],
    ],
  ],
  [
    "a: 1\n--- {b: 2}\n---\tc",
    [
      [1, "a: 1\n"],
      [2, "--- {b: 2}\n"],
      [3, "---\tc"],
    ],
  ],
  [
    "a: 1\n---",
    [
      [1, "a: 1\n"],
      [2, "---"],
    ],
  ],
  [
    "a: 1\r\n---\r\nb: 2\r\n",
    [
      [1, "a: 1\r\n"],
      [2, "---\r\nb: 2\r\n"],
    ],
  ],
  ["a: ---\nb: x---\n ---\n----\n---x\n", [[1, "a: ---\nb: x---\n ---\n----\n---x\n"]]],
  ["%YAML 1.2\n# x\n\n---\na: 1\n", [[4, "---\na: 1\n"]]],
  ["pem: |\n  -----BEGIN CERTIFICATE-----\n  x\n", [[1, "pem: |\n  -----BEGIN CERTIFICATE-----\n  x\n"]]],
] as const) {
  test(`${JSON.stringify(text)} is cut at its markers`, () => {
    assert.deepEqual(
      splitDocuments(text).map((document) => [document.line, document.text]),
      expected,
    );
  });
}

for (const [text, line] of [
  ["a: 1", 1],
  ["---\na: 1", 2],
  ["--- # x\n\n# y\n  # z\na: 1\n", 5],
  ["---\r\n\r\na: 1", 3],
  ["--- {a: 1}", 1],
  ["# only\n", 1],
] as const) {
  test(`the content of ${JSON.stringify(text)} begins in line ${line}`, () =>
    assert.equal(firstContentLine(text), line));
}
