import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { reachableFiles } from "./reachable-files.mjs";

/** A folder with these files; `reach(entry, computedNames)` → what is reachable, as paths in it. */
function world(t, files) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "binnacle-reachable-")));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), typeof contents === "string" ? contents : JSON.stringify(contents));
  }
  const named = (paths) => [...paths].map((path) => relative(root, path));
  return (entry, computedNames) => {
    const { files: found, lookingBeside } = reachableFiles([join(root, entry)], computedNames);
    return { files: named(found), lookingBeside: named(lookingBeside) };
  };
}

test("each file is found as Node finds it for who names it: by conditions, by the folder, by the package's own names", (t) => {
  const reach = world(t, {
    "package.json": { type: "module", imports: { "#own/*": "./src/*" } },
    "src/cli.ts":
      'import "#own/x.ts"; import "both"; import("late/deep.js"); import "node:fs"; import type {} from "./types.ts";',
    "src/x.ts": 'new Worker(new URL("thread.ts", import.meta.url)); new URL("../src", import.meta.url);',
    "src/thread.ts": "",
    "src/types.ts": "",
    "src/unused.ts": "",
    "node_modules/both/package.json": { exports: { import: "./a.mjs", require: "./a.cjs", default: "./browser.js" } },
    "node_modules/both/a.mjs": "",
    "node_modules/both/a.cjs": "",
    "node_modules/both/browser.js": "",
    "node_modules/late/package.json": { main: "main.js" },
    "node_modules/late/main.js": "",
    "node_modules/late/deep.js":
      'require("both"); require("./data"); require("both2"); try { require("optional"); } catch {}',
    "node_modules/late/data.json": {},
    "node_modules/late/node_modules/both2/index.js": "__dirname",
    "node_modules/both2/index.js": "",
  });
  const { files, lookingBeside } = reach("src/cli.ts", () => []);
  assert.deepEqual(files, [
    "node_modules/both/a.cjs",
    "node_modules/both/a.mjs",
    "node_modules/late/data.json",
    "node_modules/late/deep.js",
    "node_modules/late/node_modules/both2/index.js",
    "src/cli.ts",
    "src/thread.ts",
    "src/x.ts",
  ]);
  assert.deepEqual(lookingBeside, ["src/x.ts", "node_modules/late/node_modules/both2/index.js"]);
});

test("what a file requires by computed names is asked, and followed", (t) => {
  const reach = world(t, { "a.cjs": 'require("./" + name);', "b.cjs": 'require("./c.cjs");', "c.cjs": "" });
  const asked = [];
  const { files } = reach("a.cjs", (file, texts) => {
    asked.push(...texts);
    return ["./b.cjs"];
  });
  assert.deepEqual(files, ["a.cjs", "b.cjs", "c.cjs"]);
  assert.deepEqual(asked, ['require("./" + name)']);
});

test("a fault that is not a missing package is told", (t) => {
  const reach = world(t, { "a.mjs": 'import "p/hidden.js";', "node_modules/p/package.json": { exports: "./p.js" } });
  assert.throws(() => reach("a.mjs", () => []), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});
