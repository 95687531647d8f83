import { hash } from "node:crypto";

/** JSON with the keys of every object in order, so that equal values give equal bytes. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value)) ?? "null";
}

/** 20 hexadecimal digits that name a value's content. Not for secrets' protection: it only tells "same" from "changed". */
export function contentHash(value: unknown): string {
  return bytesHash(canonicalJson(value));
}

/** As {@link contentHash}, of bytes or text as they are. */
export function bytesHash(bytes: string | Uint8Array): string {
  return hash("sha256", bytes, "hex").slice(0, 20);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  const source = value as Record<string, unknown>;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(source).sort()) {
    if (source[key] !== undefined) sorted[key] = sortKeys(source[key]);
  }
  return sorted;
}
