import { isMap } from "./schema-rules.ts";

/**
 * The value without the fields that are null: in YAML `labels:` with nothing after it is one, and means that it is absent.
 * In lists a null stays. The same value, not a copy, where there is none.
 */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutNulls);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isMap(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, field] of Object.entries(value)) {
    const kept = field === null ? undefined : withoutNulls(field);
    if (kept === field) continue;
    copy ??= { ...value };
    if (kept === undefined) delete copy[key];
    else copy[key] = kept;
  }
  return copy ?? value;
}
