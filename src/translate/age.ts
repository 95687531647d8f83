import { compareRefs } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";

/** The older first; of the same age, by reference. The store dates objects that carry no time of their own. */
export function compareAge(a: StoredObject, b: StoredObject): number {
  return createdAt(a) - createdAt(b) || compareRefs(a.ref, b.ref);
}

function createdAt({ object }: StoredObject): number {
  return Date.parse(object.metadata.creationTimestamp ?? "") || 0;
}
