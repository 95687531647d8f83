import assert from "node:assert/strict";
import { test } from "node:test";
import { rowForTests } from "#traffic/row-for-tests.ts";
import { formatRow } from "./tail.ts";

const plain = (_ink: string, text: string): string => text;

for (const [what, row, words] of [
  ["an ordinary request", rowForTests(), "→ team-shop/cart:80 10.0.0.1:8080\n"],
  [
    "one that another upstream took over",
    rowForTests({ fallback: { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 } }),
    "→ west team-shop/west-cart:80 (for team-shop/cart:80) 10.0.0.1:8080\n",
  ],
  ["one without an upstream", rowForTests({ upstream: undefined, endpoint: undefined }), "GET shop.localhost/cart\n"],
] as const) {
  test(`a line of binnacle tail: ${what}`, () => {
    const line = formatRow(row, false, plain);
    assert.ok(line.endsWith(words), line);
  });
}
