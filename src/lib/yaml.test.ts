import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml } from "./yaml.ts";
import { fieldLines } from "./yaml-positions.ts";

for (const [text, documents] of [
  ["", []],
  ["# nothing\n", []],
  ["a: 1\n---\nb: [x, 'y']\n", [{ a: 1 }, { b: ["x", "y"] }]],
  ['{"a": "\\ud83d\\ude00", "b": 1e3}', [{ a: "😀", b: 1000 }]],
  ["time: 2026-01-01T00:00:00Z\nyes: no\n", [{ time: "2026-01-01T00:00:00Z", yes: "no" }]],
  ["base: &b {x: 1}\nuse: {<<: *b, y: 2}\n", [{ base: { x: 1 }, use: { x: 1, y: 2 } }]],
] as const) {
  test(`${JSON.stringify(text)} is read`, () => assert.deepEqual(parseYaml(text), { documents }));
}

for (const [text, line, message, fix] of [
  ["a:\n\tb: 1\n", 2, "tab characters must not be used in indentation", "indent with spaces"],
  ["a: 1\nb: 2\na: 3\n", 3, "duplicated mapping key", "keep one of the two"],
  ["a: b: c\n", 1, "bad indentation of a mapping entry", /quotes/],
  ["a: [1, 2", 1, "unexpected end of the stream within a flow collection", "close the bracket"],
  ["a: [1, 2\nb: 3\n", 2, "deficient indentation", /bracket/],
  ["a: 'x", 1, "unexpected end of the stream within a single quoted scalar", "close the quotes"],
  ["\n\npassword: *hunter2\n", 3, "unidentified alias", /'\*'/],
  ["password: !hunter2 x\n", 1, "unknown scalar tag", undefined],
  ["a: !<hunter 2> x\n", 1, "tag name cannot contain such characters", undefined],
  ["? {a: 1}\n: 2\n", 1, "object-based map does not support complex keys", undefined],
] as const) {
  test(`${JSON.stringify(text)} is refused with its line`, () => {
    const result = parseYaml(text);
    assert.ok("error" in result);
    assert.equal(result.error.line, line);
    assert.equal(result.error.message, `not valid YAML: ${message}`);
    if (fix instanceof RegExp) assert.match(result.error.fix ?? "", fix);
    else assert.equal(result.error.fix, fix);
    assert.doesNotMatch(JSON.stringify(result), /hunter/);
  });
}

test("aliases that multiply are refused, and cost nothing", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `l${i}: &l${i} [${i === 0 ? "x, x" : `*l${i - 1}, *l${i - 1}`}]`);
  const result = parseYaml(lines.join("\n"));
  assert.ok("error" in result);
  assert.match(result.error.message, /aliases/);
});

test("a value that holds itself is refused", () => {
  assert.ok("error" in parseYaml("a: &a [*a]\n"));
});

test("fields are found by their paths, and missing ones where they should stand", () => {
  const lineOf = fieldLines(
    [
      "kind: X",
      "metadata:",
      "  labels:",
      "    app.kubernetes.io/name: x",
      "list:",
      "- a: 1",
      "",
      "  b: |",
      "    c: 2",
      "- {x: [",
      "    3]}",
    ].join("\n"),
  );
  for (const [path, line] of [
    ["kind", 1],
    ["metadata", 2],
    ["metadata.labels[app.kubernetes.io/name]", 4],
    ["metadata.name", 2],
    ["list[0]", 6],
    ["list[0].b", 8],
    ["list[0].b.c", 8],
    ["list[1].x[0]", 11],
    ["list[7].x", 5],
    ["", 1],
    ["spec.rules[0].host", 1],
  ] as const) {
    assert.equal(lineOf(path), line, path);
  }
});

test("the second document of a text has its own lines", () => {
  assert.equal(fieldLines("a: 1\n...\n---\nb:\n  a: 2\n", 1)("b.a"), 5);
});

test("fields behind an alias or a merge key are found where the alias stands", () => {
  const lineOf = fieldLines("base: &b\n  x: 1\nuse:\n  <<: *b\nalso: *b\n");
  assert.equal(lineOf("use.x"), 3);
  assert.equal(lineOf("also.x"), 5);
});
