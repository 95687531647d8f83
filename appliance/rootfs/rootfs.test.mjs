import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bundleAuthorities } from "./debian-packages.mjs";
import { productionPackages, takenOf } from "./production-packages.mjs";

const inTemporary = (t) => {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-rootfs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
};

test("of a package is taken what is loaded, what says how it is loaded, its licences, and data for those who look for it", () => {
  const loaded = ["dist/cjs/index.js", "dist/data.json"];
  const told = ["LICENSE.md", "dist/cjs/package.json", "dist/docs/license.txt", "package.json"];
  const data = ["dist/x.proto"];
  const left = ["README.md", "dist/cjs/index.d.ts", "dist/esm/index.js", "dist/esm/package.json", "test/y.proto"];
  const files = [...loaded, ...told, ...data, ...left].sort();
  const isLoaded = (file) => loaded.includes(file);
  const taken = (looksBeside) => takenOf(files, isLoaded, looksBeside);
  assert.deepEqual(
    taken(() => false),
    [...loaded, ...told].sort(),
  );
  assert.deepEqual(
    taken((file) => file === "dist/cjs/index.js"),
    [...loaded, ...told, ...data].sort(),
  );
  assert.deepEqual(
    takenOf(
      files,
      () => false,
      () => true,
    ),
    [],
  );
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
