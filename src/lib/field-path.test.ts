import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPath, parentPath } from "./field-path.ts";

for (const [segments, path] of [
  [[], ""],
  [["spec"], "spec"],
  [["spec", "rules", 0, "http", "paths", 1, "pathType"], "spec.rules[0].http.paths[1].pathType"],
  [["metadata", "annotations", "binnacle.dev/ssl-redirect"], "metadata.annotations[binnacle.dev/ssl-redirect]"],
  [["data", "tls.crt"], "data[tls.crt]"],
  [["data", "80"], "data[80]"],
] as const) {
  test(`${JSON.stringify(segments)} is written ${path}`, () => assert.equal(formatPath(segments), path));
}

for (const [path, parent] of [
  ["spec.rules[0].host", "spec.rules[0]"],
  ["spec.rules[0]", "spec.rules"],
  ["spec.rules", "spec"],
  ["spec", ""],
  ["", ""],
  ["data[tls.crt]", "data"],
] as const) {
  test(`above ${JSON.stringify(path)} stands ${JSON.stringify(parent)}`, () => assert.equal(parentPath(path), parent));
}
