import { compareText } from "#lib/compare.ts";
import { type ObjectRef, parseRefKey, type RefKey } from "#resources/ref.ts";

/** Which objects' last usable form came from which file. */
export class FileIndex {
  readonly #keys = new Map<string, Set<RefKey>>();

  /** Sorted by reference. */
  refs(file: string): readonly ObjectRef[] {
    return [...(this.#keys.get(file) ?? [])].sort(compareText).map(parseRefKey);
  }

  move(key: RefKey, before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    if (before !== undefined) {
      const keys = this.#keys.get(before);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(before);
    }
    if (after !== undefined) {
      const keys = this.#keys.get(after) ?? new Set<RefKey>();
      this.#keys.set(after, keys.add(key));
    }
  }
}
