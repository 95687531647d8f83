import { checkShape, type CheckShapeOptions } from "#lib/check-shape.ts";
import { describeValue } from "#lib/describe-value.ts";
import type { Problem } from "#lib/problem.ts";
import { withoutNulls } from "#lib/without-nulls.ts";
import { unreachable } from "#lib/unreachable.ts";
import { isMap } from "#lib/schema-rules.ts";
import { annotationProblems } from "./annotations.ts";
import { KIND_FACTS, recogniseKind } from "./kinds.ts";
import { isDnsLabel, isDnsSubdomain } from "./names.ts";
import type { Kind, ObjectRef } from "./ref.ts";
import type { Resource } from "./resource.ts";

export interface ValidateOptions {
  /** What an unknown field is; with `warn` it is left out of the object. */
  readonly unknownFields: "error" | "warn";
  /** The namespace of an object that names none; `default` unless given. */
  readonly defaultNamespace?: string;
}

export type Validation =
  | { readonly type: "accepted"; readonly object: Resource; readonly warnings: readonly Problem[] }
  /** `ref` stands where kind and name could be read. At least one of the problems is an error. */
  | { readonly type: "refused"; readonly ref?: ObjectRef; readonly problems: readonly Problem[] }
  /** An object of a kind that is not read. */
  | { readonly type: "skipped"; readonly kind: string };

/**
 * Reads one Kubernetes object, as the API server would: defaults filled in, and everything that is wrong told at once. A `null`
 * counts as absent. Problems have no origin, and tell nothing of a Secret's values.
 */
export function validate(document: unknown, options: ValidateOptions): Validation {
  if (!isMap(document)) {
    const message = `found ${describeValue(document)}, expected an object with apiVersion, kind and metadata`;
    return refused([{ severity: "error", path: "", message }]);
  }
  const { apiVersion, kind } = document;
  const missing = (["apiVersion", "kind"] as const).flatMap((field) => missingText(field, document[field]));
  if (typeof apiVersion !== "string" || typeof kind !== "string" || missing.length > 0) return refused(missing);
  const recognised = recogniseKind(apiVersion, kind);
  switch (recognised.type) {
    case "other":
      return { type: "skipped", kind };
    case "wrong":
      return refused([recognised.problem], recognised.kind && readRef(recognised.kind, document, options));
    case "known":
      return validateKind(recognised.kind, document, options);
    default:
      return unreachable(recognised);
  }
}

function validateKind(kind: Kind, document: Readonly<Record<string, unknown>>, options: ValidateOptions): Validation {
  const { schema, namespaced } = KIND_FACTS[kind];
  const shape: CheckShapeOptions = { unknownFields: options.unknownFields, secret: kind === "Secret" };
  const checked = checkShape<Resource>(schema, withoutNulls(document), shape);
  if (!checked.ok) return refused(checked.problems, readRef(kind, document, options));
  const object = inNamespace(checked.value, namespaced ? (options.defaultNamespace ?? "default") : undefined);
  const warnings = [...checked.warnings, ...annotationProblems(object)];
  if (warnings.some(({ severity }) => severity === "error")) return refused(warnings, readRef(kind, document, options));
  return { type: "accepted", object, warnings };
}

/** The object with the namespace that applies to it: `standard` if it names none, empty if its kind has none. */
function inNamespace(object: Resource, standard: string | undefined): Resource {
  const { namespace } = object.metadata;
  const right = standard === undefined ? "" : namespace === "" ? standard : namespace;
  if (right === namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace: right } };
}

function refused(problems: readonly Problem[], ref?: ObjectRef): Validation {
  return { type: "refused", problems, ...(ref === undefined ? {} : { ref }) };
}

function missingText(path: "apiVersion" | "kind", value: unknown): Problem[] {
  if (typeof value === "string" && value !== "") return [];
  const found = value === undefined ? "missing" : `found ${describeValue(value)}`;
  const example = path === "kind" ? "such as Ingress" : "such as networking.k8s.io/v1";
  return [{ severity: "error", path, message: `${found}, expected a text ${example}`, fix: "add it" }];
}

/** The reference of an object that may be wrong elsewhere; `undefined` when even its name is. */
function readRef(
  kind: Kind,
  { metadata }: Readonly<Record<string, unknown>>,
  options: ValidateOptions,
): ObjectRef | undefined {
  if (!isMap(metadata)) return undefined;
  const { name, namespace } = metadata;
  if (typeof name !== "string" || !isDnsSubdomain(name)) return undefined;
  if (!KIND_FACTS[kind].namespaced) return { kind, namespace: "", name };
  if (namespace === undefined || namespace === null || namespace === "") {
    return { kind, namespace: options.defaultNamespace ?? "default", name };
  }
  return typeof namespace === "string" && isDnsLabel(namespace) ? { kind, namespace, name } : undefined;
}
