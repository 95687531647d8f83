import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteRegex, regexProblem } from "./regular-expression.ts";

for (const pattern of ["/a|/b", "/[0-9]{1,1000}", "(?i)x", "\\Qa(", "x".repeat(16_384)])
  test(`${pattern.slice(0, 20)} is an expression`, () => assert.equal(regexProblem(pattern), undefined));

for (const [pattern, problem] of [
  ["/(", /missing closing/],
  ["a(?=b)", /invalid/],
  ["((a{100}){100}){100}", /repeat count/],
  ["x".repeat(16_385), /it has 16385 characters, and 16384 are the most/],
] as const)
  test(`${pattern.slice(0, 20)} is none that Envoy takes`, () => assert.match(String(regexProblem(pattern)), problem));

test("a quoted text is itself, and nothing else", () => {
  assert.equal(quoteRegex("/a.b"), "/a\\.b");
});
