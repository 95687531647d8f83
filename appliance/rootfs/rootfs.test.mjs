import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bundleAuthorities } from "./debian-packages.mjs";
import { isLoadable, productionPackages } from "./production-packages.mjs";

const inTemporary = (t) => {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-rootfs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
};

test("of a package is taken what a program can load, and its licence", () => {
  const taken = [
    "index.js",
    "lib/a.cjs",
    "lib/b.mjs",
    "data/c.json",
    "LICENSE",
    "LICENSE.md",
    "docs/license.txt",
    "NOTICE",
  ];
  const left = ["a.d.ts", "a.d.cts", "a.js.map", "README.md", "test/x.js", "lib/__tests__/x.js", ".npmignore", "a.ts"];
  assert.deepEqual([...taken, ...left].filter(isLoadable), taken);
});

test("packages are those of the lock file that are not for development", (t) => {
  const root = inTemporary(t);
  const add = (path, contents) => {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, "package.json"), JSON.stringify(contents));
  };
  add("node_modules/b", { name: "b", version: "1.0.0", license: "MIT" });
  add("node_modules/a", { name: "a", version: "2.0.0", licenses: [{ type: "BSD" }, { type: "ISC" }] });
  const packages = {
    "": {},
    "node_modules/b": {},
    "node_modules/a": {},
    "node_modules/dev": { dev: true },
    "node_modules/@types/ws": {},
    "node_modules/for-another-machine": { optional: true },
  };
  assert.deepEqual(productionPackages({ packages }, root), [
    { path: "node_modules/a", name: "a", version: "2.0.0", licence: "BSD OR ISC" },
    { path: "node_modules/b", name: "b", version: "1.0.0", licence: "MIT" },
  ]);
});

test("authorities become one file, in a stable order", (t) => {
  const tree = inTemporary(t);
  const folder = join(tree, "usr/share/ca-certificates/mozilla");
  mkdirSync(folder, { recursive: true });
  for (const name of ["b", "a"]) writeFileSync(join(folder, `${name}.crt`), `certificate ${name}`);
  bundleAuthorities(tree);
  assert.equal(readFileSync(join(tree, "etc/ssl/certs/ca-certificates.crt"), "utf8"), "certificate a\ncertificate b\n");
  assert.ok(!existsSync(folder));
  assert.deepEqual(readdirSync(join(tree, "usr/share")), []);
});
