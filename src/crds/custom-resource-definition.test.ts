import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isMap } from "#lib/schema-rules.ts";
import { customResourceDefinition } from "./custom-resource-definition.ts";
import { DEFINED_KINDS } from "./defined-kinds.ts";
import { FIELD_RULES, TEXT_RULES } from "./field-rules.ts";
import { appliesTo } from "./structural-schema.ts";

/** Every schema of a definition by its path, as rules name it. */
function schemas(kind: (typeof DEFINED_KINDS)[number]): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const { versions } = customResourceDefinition(kind).spec as {
    versions: { schema: { openAPIV3Schema: { properties: { spec: unknown } } } }[];
  };
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  const visit = (schema: unknown, path: string): void => {
    if (!isMap(schema)) return;
    found.set(path, schema);
    visit(schema["items"], `${path}[]`);
    visit(schema["additionalProperties"], `${path}{}`);
    if (isMap(schema["properties"]))
      for (const [name, field] of Object.entries(schema["properties"])) visit(field, `${path}.${name}`);
  };
  visit(versions[0]?.schema.openAPIV3Schema.properties.spec, "spec");
  return found;
}

const all = new Map(DEFINED_KINDS.map((kind) => [kind, schemas(kind)]));

suite("definitions of custom kinds", () => {
  test("every rule for a field has a field", () => {
    const idle = FIELD_RULES.filter(
      (rule) => ![...all].some(([kind, found]) => [...found.keys()].some((path) => appliesTo(rule, path, kind))),
    );
    assert.deepEqual(idle, []);
  });

  test("every rule for a text is used", () => {
    const every = [...all.values()].flatMap((found) => [...found.values()]);
    for (const [, adds] of TEXT_RULES)
      assert.ok(
        every.some((schema) => Object.entries(adds).every(([key, value]) => schema[key] === value)),
        JSON.stringify(adds),
      );
  });

  test("all that an API server needs to know is there: types, and nothing that it has no word for", () => {
    const limits = "minimum maximum minLength maxLength minItems maxItems pattern";
    const parts = "properties required items additionalProperties x-kubernetes-validations";
    const words = new Set(`type enum default ${limits} ${parts}`.split(" "));
    for (const [kind, found] of all)
      for (const [path, schema] of found) {
        assert.equal(typeof schema["type"], "string", `${kind} ${path}`);
        assert.deepEqual(
          Object.keys(schema).filter((key) => !words.has(key)),
          [],
          `${kind} ${path}`,
        );
      }
  });

  test("limits, defaults and required fields are those of our own types", () => {
    const proxy = all.get("HTTPProxy");
    const service = proxy?.get("spec.routes[].services[]");
    assert.deepEqual(service?.["required"], ["name", "port"]);
    assert.deepEqual(proxy?.get("spec.routes[].services[].port"), { type: "integer", minimum: 1, maximum: 65535 });
    assert.deepEqual(proxy?.get("spec.routes[].requestRedirectPolicy.statusCode"), {
      type: "integer",
      enum: [301, 302, 303, 307, 308],
      default: 302,
    });
    assert.equal(proxy?.get("spec.routes")?.["default"], undefined, "what is absent stays absent");
    assert.equal(proxy?.get("spec.routes[].healthCheckPolicy.intervalSeconds")?.["minimum"], undefined);
  });
});
