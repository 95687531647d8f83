import assert from "node:assert/strict";
import { test } from "node:test";
import { isAtLeast, parseComponentVersion } from "./component-version.ts";

test("the version stands in what the programs print", () => {
  const cases: readonly [string, string | undefined][] = [
    [
      "prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5)\n  build user: x\n  go version: go1.19.8",
      "2.42.0",
    ],
    ["prometheus, version 3.16.0 (branch: HEAD)", "3.16.0"],
    ["alertmanager, version 0.28.1 (branch: , revision: unknown)", "0.28.1"],
    ["v0.34.2", "0.34.2"],
    ["0.25.0", "0.25.0"],
    // What `go install` builds.
    ["prometheus, version  (branch: , revision: unknown)\n  go version:       go1.26.8", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) {
    const version = parseComponentVersion(text);
    assert.equal(version && `${version.major}.${version.minor}.${version.patch}`, expected, text);
  }
});

test("newer is by number, not by text", () => {
  assert.equal(isAtLeast({ major: 2, minor: 53, patch: 3 }, 2, 9), true);
  assert.equal(isAtLeast({ major: 3, minor: 7, patch: 9 }, 3, 8), false);
  assert.equal(isAtLeast({ major: 3, minor: 10, patch: 0 }, 3, 8), true);
  assert.equal(isAtLeast({ major: 2, minor: 53, patch: 0 }, 3, 0), false);
});
