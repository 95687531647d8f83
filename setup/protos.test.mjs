import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describe } from "./problem.mjs";
import { declareIgnoreEmpty, pathArguments, protoFiles } from "./protos.mjs";

test("comments and blank lines of the list are left out", () => {
  assert.deepEqual(protoFiles("# what we speak\n\nenvoy/a.proto\n  envoy/b.proto  # why\n"), [
    "envoy/a.proto",
    "envoy/b.proto",
  ]);
});

test("every file becomes an argument below the module that has it", () => {
  const there = new Set(["deps/xds/xds/type.proto", "deps/envoy-api/envoy/a.proto"]);
  const exists = (path) => there.has(path);
  const modules = ["deps/envoy-api", "deps/xds"];
  assert.deepEqual(pathArguments(["envoy/a.proto", "xds/type.proto"], modules, exists), [
    "--path",
    "deps/envoy-api/envoy/a.proto",
    "--path",
    "deps/xds/xds/type.proto",
  ]);
  assert.throws(
    () => pathArguments(["envoy/c.proto"], modules, exists),
    (error) => /envoy\/c\.proto[^]*protos\.txt[^]*fix:/.test(describe(error)),
  );
});

test("the validator's missing field is declared once", () => {
  const old = "message StringRules {\n    optional string const = 1;\n}\n";
  const mended = declareIgnoreEmpty(old);
  assert.match(mended, /StringRules \{\n {4}optional bool ignore_empty = 26;/);
  assert.equal(declareIgnoreEmpty(mended), mended);
  assert.throws(() => declareIgnoreEmpty("message Other {}"), /StringRules/);
});

test("the list names files, each once", () => {
  const files = protoFiles(readFileSync(new URL("protos.txt", import.meta.url), "utf8"));
  assert.ok(files.length > 0);
  assert.equal(new Set(files).size, files.length);
  for (const file of files) assert.match(file, /^[\w/]+\.proto$/);
});
