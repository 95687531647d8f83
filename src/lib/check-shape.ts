import type { z } from "zod";
import { describeType, describeValue } from "./describe-value.ts";
import { formatPath } from "./field-path.ts";
import { nearest, nearestField } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { unreachable } from "./unreachable.ts";

export interface CheckShapeOptions {
  /** What an unknown field is. With `warn` it is left out of the value. */
  readonly unknownFields: "error" | "warn";
  /** The input holds secrets: problems tell of its fields by name and type alone. */
  readonly secret?: boolean;
}

export type CheckedShape<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Problem[] }
  /** At least one of the problems is an error. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads `input` by a schema of strict objects, and tells all that is wrong with it at once: what was found, what was
 * expected, and the fix where one can be told. A schema's own checks may give a fix as `params: { fix }` of their issue.
 */
export function checkShape<T>(schema: z.ZodType<T>, input: unknown, options: CheckShapeOptions): CheckedShape<T> {
  const parsed = schema.safeParse(input, { error: nameKnownFields });
  if (parsed.success) return { ok: true, value: parsed.data, warnings: [] };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, input, options));
  if (problems.some((problem) => problem.severity === "error")) return { ok: false, problems };
  const known = checkShape(schema, withoutUnknown(input, parsed.error.issues), options);
  return known.ok ? { ...known, warnings: problems } : { ok: false, problems: [...known.problems, ...problems] };
}

/** The message of an `unrecognized_keys` issue lists what would have been known; only here is the schema at hand. */
const nameKnownFields: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== "unrecognized_keys") return undefined;
  const schema: unknown = issue.inst;
  return isObjectSchema(schema) ? Object.keys(schema.shape).join(" ") : "";
};

function isObjectSchema(schema: unknown): schema is z.ZodObject {
  return typeof schema === "object" && schema !== null && "shape" in schema;
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown, options: CheckShapeOptions): Problem[] {
  const path = formatPath(issue.path);
  const error = (message: string, fix?: string): Problem[] => [
    { severity: "error", path, message, ...(fix === undefined ? {} : { fix }) },
  ];
  const value = valueAt(input, issue.path);
  const found = options.secret === true ? describeType(value) : describeValue(value);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const meant = nearestField(key, issue.message.split(" "));
        return {
          severity: options.unknownFields === "error" ? "error" : "warning",
          path: formatPath([...issue.path, key]),
          message: "unknown field",
          fix: meant === undefined ? "remove it" : `write ${meant}`,
        };
      });
    case "invalid_type":
      if (value === undefined) return error(`missing, expected ${TYPES[issue.expected] ?? issue.expected}`, "add it");
      return error(
        `found ${found}, expected ${TYPES[issue.expected] ?? issue.expected}`,
        quotesFix(issue.expected, value),
      );
    case "invalid_value": {
      const values = issue.values.map(String);
      if (value === undefined) return error(`missing, expected ${oneOf(values)}`, "add it");
      if (typeof value !== "string") {
        // A version such as 1.2 is a number to YAML.
        return error(
          `found ${found}, expected ${oneOf(values)}`,
          typeof value === "number" && values.includes(String(value)) ? "put it in quotes" : undefined,
        );
      }
      const meant = nearest(value, values);
      return error(`found ${found}, expected ${oneOf(values)}`, meant === undefined ? undefined : `write ${meant}`);
    }
    case "too_small":
      return error(`found ${sizeOf(value)}, expected at least ${String(issue.minimum)}`);
    case "too_big":
      return error(`found ${sizeOf(value)}, expected at most ${String(issue.maximum)}`);
    case "invalid_key":
      return issue.issues.flatMap((inner) => {
        const [problem] = problemsOf({ ...inner, path: issue.path }, input, options);
        return problem === undefined ? [] : [{ ...problem, message: `as a key: ${problem.message}` }];
      });
    case "custom": {
      const fix: unknown = issue.params?.["fix"];
      return error(issue.message, typeof fix === "string" ? fix : undefined);
    }
    case "invalid_format":
    case "invalid_union":
    case "invalid_element":
    case "not_multiple_of":
      return error(issue.message);
    default:
      return unreachable(issue);
  }
}

/** Zod's names of what it expected, in words. */
const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(", ")}`;
}

/** YAML reads `on: 80` and `on: "80"` differently: the commonest slip of all. */
function quotesFix(expected: string, value: unknown): string | undefined {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return "put it in quotes";
  if (typeof value !== "string") return undefined;
  const unquotable = expected === "boolean" ? /^(true|false)$/ : /^-?\d+$/;
  return (expected === "boolean" || expected === "number") && unquotable.test(value) ? "remove the quotes" : undefined;
}

function sizeOf(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} items`;
  return typeof value === "string" ? `${value.length} characters` : describeValue(value);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function withoutUnknown(input: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(input);
  for (const issue of issues) {
    const owner = issue.code === "unrecognized_keys" ? valueAt(copy, issue.path) : undefined;
    if (issue.code !== "unrecognized_keys" || typeof owner !== "object" || owner === null) continue;
    for (const key of issue.keys) Reflect.deleteProperty(owner, key);
  }
  return copy;
}
