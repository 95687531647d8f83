import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { reasons, treeOf } from "./dependency-tree.mjs";
import { inRoot } from "./paths.mjs";

const read = (file) => JSON.parse(readFileSync(inRoot(file), "utf8"));

test("every override of pkgcloud's dependencies has its reason, and every reason its override", () => {
  assert.deepEqual(Object.keys(reasons).sort(), Object.keys(read("package.json").overrides.pkgcloud).sort());
});

test("what is left out is left out of what is installed", () => {
  const lock = read("package-lock.json");
  const { lines, packages } = treeOf(lock, "pkgcloud");
  assert.ok(lines.includes(`  aws-sdk = empty-npm-package 1.0.0  (${reasons["aws-sdk"]})`), lines.join("\n"));
  assert.ok(packages < 100, `${packages} packages`);
  assert.equal(treeOf(lock, "no-such-package"), undefined);
});
