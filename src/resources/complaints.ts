import { formatProblem } from "#lib/problem.ts";
import { parseYaml } from "#lib/yaml.ts";
import type { Resource } from "./resource.ts";
import { validate } from "./validate.ts";

/** For tests: what {@link validate} says about one YAML document, a line a problem; warnings begin with `warning: `. */
export function complaints(text: string, unknownFields: "error" | "warn" = "error"): string[] {
  const validation = validate(documentOf(text), { unknownFields });
  if (validation.type === "skipped") return [`skipped ${validation.kind}`];
  const problems = validation.type === "accepted" ? validation.warnings : validation.problems;
  return problems.map((problem) => `${problem.severity === "warning" ? "warning: " : ""}${formatProblem(problem)}`);
}

/** For tests: the object of a YAML document that must be valid. */
export function accepted<K extends Resource["kind"]>(kind: K, text: string): Extract<Resource, { readonly kind: K }> {
  const validation = validate(documentOf(text), { unknownFields: "error" });
  if (validation.type !== "accepted") throw new Error(`not accepted: ${complaints(text).join("; ")}`);
  if (!isKind(validation.object, kind)) throw new Error(`accepted as ${validation.object.kind}`);
  return validation.object;
}

function isKind<K extends Resource["kind"]>(
  object: Resource,
  kind: K,
): object is Extract<Resource, { readonly kind: K }> {
  return object.kind === kind;
}

function documentOf(text: string): unknown {
  const parsed = parseYaml(text);
  if ("error" in parsed) throw new Error(parsed.error.message);
  return parsed.documents[0];
}
