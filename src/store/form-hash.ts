import { bytesHash } from "#lib/canonical.ts";
import type { Resource } from "#resources/resource.ts";

/**
 * Names what an object says, without the bookkeeping that an API server changes by itself. A valid object's fields stand in
 * their schema's order, whatever order they were written in; of its maps, labels and annotations are put in order here.
 */
export function formHash(object: Resource): string {
  const { metadata, ...rest } = object;
  const { name, namespace, labels, annotations, creationTimestamp } = metadata;
  return bytesHash(
    JSON.stringify([rest, namespace, name, inOrder(labels), inOrder(annotations), creationTimestamp ?? ""]),
  );
}

function inOrder(map: Readonly<Record<string, string>>): readonly (readonly [string, string | undefined])[] {
  return Object.keys(map)
    .sort()
    .map((key) => [key, map[key]]);
}
