import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

test("docs/manifests.md names every annotation that is honoured", async () => {
  const [code, page] = await Promise.all([
    readFile(new URL("./annotations.ts", import.meta.url), "utf8"),
    readFile(new URL("../../docs/manifests.md", import.meta.url), "utf8"),
  ]);
  const named = new Set(code.match(/"((?:[a-z]+\.)+[a-z]+\/[a-z0-9.-]+)"/g)?.map((quoted) => quoted.slice(1, -1)));
  assert.ok(named.size > 15);
  assert.deepEqual([...named].filter((annotation) => !page.includes(`\`${annotation}\``)).sort(), []);
});
