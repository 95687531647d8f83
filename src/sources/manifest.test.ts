import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "#lib/problem.ts";
import { formatRef } from "#resources/ref.ts";
import { type Manifest, type ManifestEntry, readManifest } from "./manifest.ts";

function read(text: string, previous?: Manifest): Promise<Manifest> {
  return readManifest(text, "m/x.yaml", { unknownFields: "error" }, () => undefined, previous);
}

function describeEntry(entry: ManifestEntry): string {
  switch (entry.type) {
    case "object":
      return `${entry.line} ${formatRef(entry.ref)}${entry.warnings.map((problem) => ` ${formatProblem(problem)}`).join()}`;
    case "refused":
      return `${entry.line} refused ${formatRef(entry.ref)} ${entry.problems.map(formatProblem).join(", ")}`;
    case "broken":
      return `${entry.line} broken ${entry.problems.map(formatProblem).join(", ")}`;
    case "skipped":
      return `${entry.line} skipped ${entry.kind}`;
  }
}

async function entries(text: string): Promise<string[]> {
  return (await read(text)).entries.map(describeEntry);
}

const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;

for (const [text, ...expected] of [
  [""],
  ["# nothing\n---\n---\n# nothing\n"],
  ["null"],
  [`# a\n---\n\n${namespace("a")}---\n# b\n${namespace("b")}`, "4 Namespace a", "9 Namespace b"],
  ['{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}', "1 Namespace a"],
  [`${namespace("a")}...\n${namespace("b")}`, "1 Namespace a", "5 Namespace b"],
  [`%YAML 1.2\n---\n${namespace("a")}`, "3 Namespace a"],
  [
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n- apiVersion: apps/v1\n  kind: Deployment\n",
    "4 Namespace a",
    "7 skipped Deployment",
  ],
  [
    "apiVersion: v1\nkind: NamespaceList\nmetadata: {}\nitems:\n- metadata: {name: a}\n- metadata:\n    name: B\n",
    "5 Namespace a",
    /^6 broken m\/x.yaml:7: metadata.name: /,
  ],
  ["apiVersion: v1\nkind: List\nitems: []\n"],
  [
    "apiVersion: v1\nkind: List\nitems: [5]\n",
    "3 broken m/x.yaml:3: found 5, expected an object with apiVersion, kind and metadata",
  ],
  ["apiVersion: v1\nkind: ConfigMapList\nitems:\n- data: {}\n", "4 skipped ConfigMap"],
  [
    "a:\n\tb: 1",
    "2 broken m/x.yaml:2: not valid YAML: tab characters must not be used in indentation; indent with spaces",
  ],
  [
    `${namespace("a")}---\nkind: [\n---\n${namespace("b")}`,
    "1 Namespace a",
    /^5 broken m\/x.yaml:5: not valid YAML/,
    "7 Namespace b",
  ],
  [
    "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  lables: {}\n",
    "2 refused Namespace a m/x.yaml:6: metadata.lables: unknown field; write labels",
  ],
  [
    "apiVersion: v1\nkind: Namespace\nmetadata:\n  annotations: {binnacle.dev/x: y}\n  name: a",
    /^1 Namespace a m\/x.yaml:4: metadata.annotations\[binnacle.dev\/x\]: unknown annotation/,
  ],
  [
    "just text",
    '1 broken m/x.yaml:1: found the text "just text", expected an object with apiVersion, kind and metadata',
  ],
] as const) {
  test(JSON.stringify(text), async () => {
    const found = await entries(text);
    assert.equal(found.length, expected.length, found.join("\n"));
    for (const [index, wanted] of expected.entries()) {
      if (typeof wanted === "string") assert.equal(found[index], wanted);
      else assert.match(found[index] ?? "", wanted);
    }
  });
}

function objects({ entries }: Manifest): unknown[] {
  return entries.map((entry) => entry.type === "object" && entry.object);
}

test("documents that did not change are taken over, also when they moved", async () => {
  const before = await read(`${namespace("a")}---\n${namespace("b")}---\n${namespace("c")}`);
  const after = await read(`${namespace("a")}---\n# new\n${namespace("b")}---\n${namespace("c")}`, before);
  assert.equal(after.entries[0], before.entries[0], "what stands where it stood is the same entry");
  assert.notEqual(objects(after)[1], objects(before)[1]);
  assert.equal(objects(after)[2], objects(before)[2], "what moved is the same object");
  assert.deepEqual(
    after.entries.map(({ line }) => line),
    [1, 6, 10],
  );
});

test("problems of documents that moved move with them", async () => {
  const broken = "---\nkind: [\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: A}\n";
  const before = await read(broken);
  const after = await read(`# new\n${broken}`, before);
  assert.deepEqual(
    after.entries.flatMap((entry) => ("problems" in entry ? entry.problems.map(({ origin }) => origin?.line) : [])),
    [3, 7],
  );
});

test("the same document twice is two entries", async () => {
  assert.deepEqual(await entries(`---\n${namespace("a")}---\n${namespace("a")}`), ["2 Namespace a", "6 Namespace a"]);
});

test("a Secret's values never stand in a problem", async () => {
  const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n";
  for (const data of [
    "  a: *hunter2\n",
    "  a: !hunter2 x\n",
    "  a: [hunter2]\n",
    "  a: 'hunter2\n",
    "  hunter2\n",
    "  a: b: hunter2\n",
    "hunter2",
  ]) {
    const found = await entries(secret + data);
    assert.notDeepEqual(found, ["1 Secret default/a"]);
    assert.doesNotMatch(found.join("\n"), /hunter/);
  }
});
