import { isDeepStrictEqual } from "node:util";
import { formatPath } from "#lib/field-path.ts";
import { isMap } from "#lib/schema-rules.ts";

/** More than these say no more than "much of it". */
const MOST = 20;

/** The paths of the fields in which two values differ, each as deep as it can be told; a list of another length is one field. */
export function differingFields(before: unknown, after: unknown): readonly string[] {
  const found: string[] = [];
  collect(before, after, [], found);
  const rest = found.length - MOST;
  return rest > 0 ? [...found.slice(0, MOST), `${rest} more`] : found;
}

function collect(before: unknown, after: unknown, path: readonly PropertyKey[], found: string[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, value] of before.entries()) collect(value, after[index], [...path, index], found);
  } else if (isMap(before) && isMap(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort())
      collect(before[key], after[key], [...path, key], found);
  } else found.push(formatPath(path));
}
