import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

test("docs/manifests.md names every annotation that is honoured", async () => {
  const [page = "", ...modules] = await Promise.all(
    ["../../docs/manifests.md", "./annotations.ts", "./preference.ts", "./route-annotations.ts"].map((file) =>
      readFile(new URL(file, import.meta.url), "utf8"),
    ),
  );
  const code = modules.join("\n");
  const named = new Set(code.match(/"((?:[a-z]+\.)+[a-z]+\/[a-z0-9.-]+)"/g)?.map((quoted) => quoted.slice(1, -1)));
  assert.ok(named.size > 15);
  assert.deepEqual([...named].filter((annotation) => !page.includes(`\`${annotation}\``)).sort(), []);
});
