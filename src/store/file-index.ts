import { compareText } from "#lib/compare.ts";
import type { RefKey } from "#resources/ref.ts";

/** Which objects came from which file. */
export class FileIndex {
  readonly #keys = new Map<string, Set<RefKey>>();

  /** An object's file is `after`, and was `before`; undefined: it has, or had, none. */
  move(key: RefKey, before: string | undefined, after: string | undefined): void {
    if (before !== undefined) {
      const keys = this.#keys.get(before);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(before);
    }
    if (after !== undefined) {
      const keys = this.#keys.get(after);
      if (keys === undefined) this.#keys.set(after, new Set([key]));
      else keys.add(key);
    }
  }

  /** Sorted. */
  from(file: string): readonly RefKey[] {
    return [...(this.#keys.get(file) ?? [])].sort(compareText);
  }
}
