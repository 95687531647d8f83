import { type KubeObject, objectPath } from "#kubernetes/resource-type.ts";
import type { Kind, ObjectRef } from "#resources/ref.ts";
import { PROBLEMS_ANNOTATION } from "#resources/problems-annotation.ts";
import { validate } from "#resources/validate.ts";
import type { SourceChange } from "#store/changes.ts";
import { RESOURCE_TYPES } from "./followed-types.ts";

/** It repeats the whole object, of a Secret too. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

export function refOfObject(kind: Kind, { metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name ?? "" };
}

/** What an object of the API means for the store. Its origin is its path in the API. */
export function readObject(kind: Kind, object: KubeObject): SourceChange {
  const ref = refOfObject(kind, object);
  const origin = { file: objectPath(RESOURCE_TYPES[kind], ref) };
  // What the API server stored it knows: a field that is unknown here is newer than we are, and no slip.
  const found = validate(withoutBookkeeping(object), { unknownFields: "warn" });
  switch (found.type) {
    case "accepted": {
      const warnings = found.warnings.filter(({ message }) => message !== "unknown field");
      return {
        type: "put",
        object: found.object,
        origin,
        warnings: warnings.map((problem) => ({ ...problem, origin })),
      };
    }
    case "refused":
      return { type: "refuse", ref, origin, problems: found.problems.map((problem) => ({ ...problem, origin })) };
    case "skipped":
      throw new Error(`${kind} is followed and not known`);
  }
}

function withoutBookkeeping(object: KubeObject): unknown {
  const { managedFields: _managedFields, annotations, ...metadata } = object.metadata;
  if (annotations === undefined) return { ...object, metadata };
  // Of the problems we are the author: read back they would be a change of the object.
  const { [LAST_APPLIED]: _lastApplied, [PROBLEMS_ANNOTATION]: _problems, ...kept } = annotations;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}
