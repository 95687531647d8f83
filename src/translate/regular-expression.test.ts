import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteRegex, regexProblem } from "./regular-expression.ts";

for (const pattern of [
  "/a|/b",
  "/[0-9]{1,1000}",
  "(?i)x",
  "\\Qa(",
  "x{1000}y{1000}z{1000}",
  "(?:[]a-z{9000}]{2}\\{9000\\}){100}",
])
  test(`${pattern.slice(0, 20)} is an expression`, () => assert.equal(regexProblem(pattern), undefined));

for (const [pattern, problem] of [
  ["/(", /missing closing/],
  ["a(?=b)", /invalid/],
  ["((a{100}){100}){100}", /about 1010100 steps/],
  ["((a{10}){11}){10}", /repeat count/],
  ["x{1000}".repeat(5), /as a program it has 5002 steps, and 4900 are the most/],
  ["x{1000}".repeat(2000), /as a program it has about 2000000 steps/],
  [`(${"[a-z]".repeat(1000)}){1000}`, /as a program it has about 1001000 steps/],
  [`(?:(?:\\pL\\Qab\\E{30}x{2,}){30}y){30}`, /repeat count|about/],
  ["x".repeat(16_385), /it has 16385 characters, and 16384 are the most/],
] as const)
  test(`${pattern.slice(0, 20)} is none that Envoy takes`, () => assert.match(String(regexProblem(pattern)), problem));

test("a quoted text is itself, and nothing else", () => {
  assert.equal(quoteRegex("/a.b"), "/a\\.b");
});
