import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutComparisons } from "./promql-comparisons.ts";

test("of a comparison its left side stays, wherever it stands", () => {
  const expected: Readonly<Record<string, string>> = {
    "a / b < 0.05": "a / b",
    'rate(a{b!="c"}[5m]) + c > 1': 'rate(a{b!="c"}[5m]) + c',
    "a / (b > 0) > 0.8": "a / (b)",
    "abs(a) > 0.05 or (b == 0 and c >= 16)": "abs(a) or (b and c)",
    "sum by (d) (a == bool 1)": "sum by (d) (a)",
  };
  for (const [expression, without] of Object.entries(expected)) assert.equal(withoutComparisons(expression), without);
});
