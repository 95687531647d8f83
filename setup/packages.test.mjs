import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { completeLock, missingOptional } from "./lock-file.mjs";
import { isInstalled } from "./packages.mjs";
import { inRoot } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { inRange, parseVersion } from "./versions.mjs";

const read = (name) => JSON.parse(readFileSync(inRoot(name), "utf8"));

const installed = (ws) => ({ packages: { "node_modules/ws": ws } });

test("packages that npm installed by hand are recognised by version and checksum", () => {
  const wanted = {
    packages: {
      "": {},
      "node_modules/ws": { version: "8.1.0", integrity: "sha512-a" },
      "node_modules/for-mac": { version: "1.0.0", optional: true, os: ["darwin"] },
      "node_modules/for-what-is-for-mac": { version: "1.0.0", optional: true },
      "node_modules/not-here": { version: "1.0.0", optional: true, os: ["!linux"] },
    },
  };
  assert.equal(isInstalled(wanted, installed({ version: "8.1.0", integrity: "sha512-a" })), true);
  assert.equal(isInstalled(wanted, installed({ version: "8.0.0", integrity: "sha512-a" })), false);
  assert.equal(isInstalled(wanted, installed({ version: "8.1.0", integrity: "sha512-b" })), false);
  assert.equal(isInstalled(wanted, { packages: {} }), false);
});

test("optional packages without an entry are found where npm would look, and completed", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/a": {
        version: "1.0.0",
        dev: true,
        optionalDependencies: { "a-linux": "1.0.0", "a-mac": "~1.0.0" },
      },
      "node_modules/a-linux": { version: "1.0.0" },
      "node_modules/b/node_modules/@c/d": { version: "2.0.0", optionalDependencies: { "d-linux": "2.0.0" } },
      "node_modules/b/node_modules/d-linux": { version: "2.0.0" },
    },
  };
  assert.deepEqual(missingOptional(lock), [{ name: "a-mac", version: "1.0.0", dev: true }]);
  const complete = completeLock(lock);
  assert.deepEqual(missingOptional(complete), []);
  assert.deepEqual(complete.packages["node_modules/a-mac"], {
    version: "1.0.0",
    dev: true,
    optional: true,
    os: ["!linux"],
  });
});

test("package-lock.json is one that npm ci accepts everywhere: node setup/lock-file.mjs completes it", () => {
  const names = missingOptional(read("package-lock.json")).map(({ name }) => name);
  assert.equal(names.join(" "), "");
});

test("an optional package for this machine that is missing is not taken for installed", () => {
  const entry = { version: "1.0.0", optional: true, os: ["linux"], cpu: [process.arch], libc: ["glibc"] };
  const wanted = { packages: { "node_modules/binding": entry } };
  assert.equal(isInstalled(wanted, { packages: {} }), false);
  assert.equal(isInstalled(wanted, { packages: { "node_modules/binding": entry } }), true);
});

test("the Node that is pinned is the one that package.json asks for", () => {
  const { engines, dependencies, devDependencies } = read("package.json");
  assert.equal(inRange(parseVersion(pins.node.version), engines.node), true);
  const { node = pins.node.version } = { ...dependencies, ...devDependencies };
  assert.equal(node, pins.node.version);
});
