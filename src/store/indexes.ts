import { compareText } from "#lib/compare.ts";
import { MultiMap } from "#lib/multi-map.ts";
import { type Kind, refKey, type RefKey } from "#resources/ref.ts";
import { type Resource, refOf } from "#resources/resource.ts";

/** A question that is asked often, answered without a search: which objects of `kind` have `key`? */
export interface IndexDefinition {
  readonly name: string;
  readonly kind: Kind;
  readonly keys: (object: Resource) => readonly string[];
  /**
   * Who asks wants to know only whether somebody stands under a key, and looks at nothing else of it: an object that changes and
   * stays there touches nobody.
   */
  readonly keysTellAll?: true;
}

/** An index entry that a change touched: everybody who read it must look again. */
export interface IndexEntry {
  readonly index: string;
  readonly key: string;
}

/** All indexes of a store, kept current by {@link Indexes.replace}. */
export class Indexes {
  readonly #byKind = new Map<Kind, IndexDefinition[]>();
  readonly #members = new Map<string, MultiMap<string, RefKey>>();

  constructor(definitions: readonly IndexDefinition[]) {
    for (const definition of definitions) {
      if (this.#members.has(definition.name)) throw new Error(`two indexes are called ${definition.name}`);
      this.#members.set(definition.name, new MultiMap());
      const ofKind = this.#byKind.get(definition.kind) ?? [];
      ofKind.push(definition);
      this.#byKind.set(definition.kind, ofKind);
    }
  }

  /** Takes `before` out and puts `after` in. Returns every entry whose readers have to look again. */
  replace(before: Resource | undefined, after: Resource | undefined): readonly IndexEntry[] {
    const object = after ?? before;
    if (object === undefined) return [];
    const touched: IndexEntry[] = [];
    const key = refKey(refOf(object));
    for (const { name, keys, keysTellAll } of this.#byKind.get(object.kind) ?? []) {
      const old = new Set(before === undefined ? [] : keys(before));
      const current = new Set(after === undefined ? [] : keys(after));
      for (const entry of old) if (!current.has(entry)) this.#members.get(name)!.delete(entry, key);
      for (const entry of current) if (!old.has(entry)) this.#members.get(name)!.add(entry, key);
      const entries = keysTellAll === true ? old.symmetricDifference(current) : old.union(current);
      for (const entry of entries) touched.push({ index: name, key: entry });
    }
    return touched;
  }

  /** The members of an entry, sorted. */
  members(index: string, key: string): readonly RefKey[] {
    const entries = this.#members.get(index);
    if (entries === undefined) throw new Error(`no index is called ${index}`);
    return entries.get(key).toSorted(compareText);
  }
}
