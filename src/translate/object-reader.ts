import type { Store } from "#store/store.ts";
import type { Reader } from "./unit.ts";

/** Reads objects and nothing else, for questions that only they answer, and that nobody asks again by himself. */
export function objectReader(store: Pick<Store, "get" | "kept" | "list">): Reader {
  return {
    get: (kind, namespace, name) => store.get(kind, namespace, name),
    kept: (kind, namespace, name) => store.kept(kind, namespace, name),
    list: (index, key) => store.list(index, key),
    name: () => undefined,
    gateway: () => undefined,
    facts: () => [],
  };
}
