import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { CORE_SCHEMA, load, loadAll } from "js-yaml";
import { isMap } from "#lib/schema-rules.ts";
import { customResourceDefinition } from "../../src/crds/custom-resource-definition.ts";
import { DEFINED_KINDS } from "../../src/crds/defined-kinds.ts";

const TRANSLATION = join(import.meta.dirname, "translation");
const ENVOY = join(import.meta.dirname, "envoy");

suite("the cases of translation between them have", () => {
  const objects = files(TRANSLATION, ".in.yaml").flatMap(documents).filter(isMap);
  for (const kind of DEFINED_KINDS) {
    void test(`every field of ${kind}, and every value of its choices`, () => {
      const written = new Set<string>();
      for (const object of objects) if (object["kind"] === kind) collect(object["spec"], "spec", written);
      const missing = [...fieldsOf(kind)].filter((field) => !written.has(field));
      assert.deepEqual(missing, []);
    });
  }
});

suite("the cases of translation between them have every annotation", () => {
  const written = files(TRANSLATION, ".in.yaml").map((file) => readFileSync(file, "utf8")).join("\n");
  /** What a user may write is what is documented. */
  const documented = readFileSync(join(import.meta.dirname, "../../docs/manifests.md"), "utf8")
    .split("\n")
    .filter((line) => /^\| (Ingress|HTTPProxy|IngressRoute|Service|EndpointSlice|Namespace)[, |]/.test(line))
    .flatMap((line) => [...(line.split("|")[2] ?? "").matchAll(/`([\w.-]+\/[\w.-]+)`/g)].map(([, name = ""]) => name));
  assert.ok(documented.length > 30, "the table is found");
  for (const name of new Set(documented))
    void test(name, () => assert.ok(written.includes(`${name}:`) || written.includes(`${name}":`)));
});

suite("the cases of Envoy's messages between them have", () => {
  void test("every field of every item that the cases of translation end in", () => {
    const made = new Set<string>();
    for (const file of files(TRANSLATION, ".out.yaml")) {
      const { items } = load(readFileSync(file, "utf8"), { schema: CORE_SCHEMA }) as { readonly items: readonly Item[] };
      for (const item of items) collectItem(item, item.type, made);
    }
    const encoded = new Set<string>();
    // What a case says for its listeners is no item.
    for (const item of files(ENVOY, ".in.yaml").flatMap(documents).filter(isItem)) collectItem(item, item.type, encoded);
    assert.deepEqual([...made.difference(encoded)], []);
  });
});

function files(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
}

function documents(file: string): readonly unknown[] {
  return loadAll(readFileSync(file, "utf8"), { schema: CORE_SCHEMA });
}

/** The fields that hold a value, by the kind's own definition: `spec.routes.conditions.prefix`; of choices `field=value`. */
function fieldsOf(kind: (typeof DEFINED_KINDS)[number]): ReadonlySet<string> {
  const { versions } = customResourceDefinition(kind).spec as {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
  const found = new Set<string>();
  const spec = versions.at(-1)?.schema.openAPIV3Schema.properties?.["spec"];
  assert.ok(spec !== undefined);
  walk(spec, "spec", found);
  return found;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
}

function walk(schema: Schema, path: string, found: Set<string>): void {
  if (schema.items !== undefined) return walk(schema.items, path, found);
  if (schema.properties === undefined) {
    for (const value of schema.enum ?? []) found.add(`${path}=${String(value)}`);
    found.add(path);
    return;
  }
  for (const [name, field] of Object.entries(schema.properties)) walk(field, `${path}.${name}`, found);
}

function collect(value: unknown, path: string, written: Set<string>): void {
  if (Array.isArray(value)) return value.forEach((item) => collect(item, path, written));
  written.add(path);
  if (isMap(value)) for (const [name, field] of Object.entries(value)) collect(field, `${path}.${name}`, written);
  else written.add(`${path}=${String(value)}`);
}

interface Item {
  readonly type: string;
}

function isItem(document: unknown): document is Item {
  return isMap(document) && typeof document["type"] === "string";
}

/** What a golden file says of an item beside its fields, or under names of the file's own. */
const BESIDE: ReadonlySet<string> = new Set(["from", "secret", "notAfter", "kept", "context"]);

/** `virtualHost.routes.action(forward).retry`: what a `type` chooses between stands under it. */
function collectItem(value: unknown, path: string, fields: Set<string>): void {
  if (Array.isArray(value)) return value.forEach((part) => collectItem(part, path, fields));
  fields.add(path);
  if (!isMap(value)) return;
  const choice = path.includes(".") && typeof value["type"] === "string" ? `(${value["type"]})` : "";
  for (const [name, field] of Object.entries(value)) {
    if (!BESIDE.has(name)) collectItem(field, `${path}${choice}.${name}`, fields);
  }
}
