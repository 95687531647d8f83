import { z } from "zod";
import { isMap } from "#lib/schema-rules.ts";
import { FIELD_RULES, type FieldRule, TEXT_RULES } from "./field-rules.ts";

/** A part of an OpenAPI schema in the form that API servers ask for (KEP 1979, "structural schema"). */
export type StructuralSchema = Readonly<Record<string, unknown>>;

/**
 * The structural schema of a part of an object, such as its `spec`, from what reads that object here: what the API server takes
 * is what is read, and what it refuses would be refused. Unknown fields are pruned and not refused, as an API server does.
 *
 * @param path of the part: `spec`. Rules for fields ({@link FIELD_RULES}) apply to every path that ends with theirs
 */
export function structuralSchema(schema: z.ZodType, path: string, kind: string): StructuralSchema {
  const json: unknown = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const found = TEXT_RULES.find(([text]) => text === (zodSchema as unknown));
      if (found !== undefined) Object.assign(jsonSchema, found[1]);
    },
  });
  const part = isMap(json) && isMap(json["properties"]) ? json["properties"][path] : undefined;
  if (!isMap(part)) throw new Error(`${kind} has no ${path}`);
  return structural(part, path, kind);
}

function structural(schema: Readonly<Record<string, unknown>>, path: string, kind: string): StructuralSchema {
  const {
    type,
    const: only,
    enum: words,
    default: standard,
    properties,
    required,
    items,
    additionalProperties,
  } = schema;
  const fixed = only === undefined ? words : [only];
  // JSON Schema's numbers of fixed values are integers here.
  const isInteger = type === "integer" || (type === "number" && Array.isArray(fixed) && fixed.every(Number.isInteger));
  const rules = FIELD_RULES.filter((rule) => appliesTo(rule, path, kind)).map(({ adds }) => adds);
  return {
    ...(type === undefined ? { "x-kubernetes-preserve-unknown-fields": true } : { type: isInteger ? "integer" : type }),
    ...(fixed === undefined ? {} : { enum: fixed }),
    ...(isWorthTelling(standard) ? { default: standard } : {}),
    ...limits(schema),
    ...(isMap(properties) ? { properties: structuralFields(properties, path, kind) } : {}),
    ...(Array.isArray(required) && required.length > 0 ? { required } : {}),
    ...(isMap(items) ? { items: structural(items, `${path}[]`, kind) } : {}),
    ...(isMap(additionalProperties)
      ? { additionalProperties: structural(additionalProperties, `${path}{}`, kind) }
      : {}),
    ...Object.assign({}, ...rules),
  };
}

function structuralFields(
  properties: Readonly<Record<string, unknown>>,
  path: string,
  kind: string,
): Readonly<Record<string, StructuralSchema>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      structural(isMap(field) ? field : {}, `${path}.${name}`, kind),
    ]),
  );
}

export function appliesTo({ path, kind }: FieldRule, to: string, ofKind: string): boolean {
  return (kind === undefined || kind === ofKind) && `.${to}`.endsWith(`.${path}`);
}

/** Lists and texts that are read as empty where they are absent stay absent in the API. */
function isWorthTelling(standard: unknown): boolean {
  return standard !== undefined && standard !== "" && !(typeof standard === "object");
}

const LIMITS = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern"] as const;

/** What zod says of every integer is no limit of ours. */
function limits(schema: Readonly<Record<string, unknown>>): StructuralSchema {
  return Object.fromEntries(
    LIMITS.flatMap((name) => {
      const limit = schema[name];
      return limit === undefined || Math.abs(Number(limit)) === Number.MAX_SAFE_INTEGER ? [] : [[name, limit]];
    }),
  );
}
