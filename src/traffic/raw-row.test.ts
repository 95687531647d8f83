import assert from "node:assert/strict";
import { test } from "node:test";
import { entryFacts } from "./entry.ts";
import { entryForTests } from "./entry-for-tests.ts";
import { rawRow } from "./raw-row.ts";

test("what a terminal obeys, or what turns words around, is not told of a client's words", () => {
  const entry = entryForTests({
    path: "/\u001b[2J\u009b31m",
    authority: "shop\u202Etsohlacol",
    requestId: "a\u0007b",
  });
  const row = rawRow(entry, entryFacts(entry), { envoy: "e1", kept: "sample", weight: 1, keepQueryValues: false });
  assert.deepEqual(
    [row.path, row.authority, row.requestId],
    ["/\uFFFD[2J\uFFFD31m", "shop\uFFFDtsohlacol", "a\uFFFDb"],
  );
});
