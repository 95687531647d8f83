import assert from "node:assert/strict";
import { test } from "node:test";
import type { IrRoute } from "./ir.ts";
import { comparePrecedence } from "./precedence.ts";

function route(type: "exact" | "prefix", value: string): IrRoute {
  const action = { type: "respond", status: 200, body: "" } as const;
  return { name: `${type} ${value}`, owner: undefined, match: { path: { type, value } }, action };
}

const IN_ORDER = [
  route("exact", "/aa/b"),
  route("exact", "/a"),
  route("exact", "/b"),
  route("prefix", "/aaa/bbb"),
  route("prefix", "/aaa"),
  route("prefix", "/a"),
  route("prefix", "/b"),
  route("prefix", "/"),
];

test("exact before prefix, the longer before the shorter, and the rest by name: whatever order they come in", () => {
  for (let turn = 0; turn < IN_ORDER.length; turn++) {
    const turned = [...IN_ORDER.slice(turn), ...IN_ORDER.slice(0, turn)].toReversed();
    assert.deepEqual(turned.sort(comparePrecedence), IN_ORDER);
  }
});
