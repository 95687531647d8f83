/**
 * Keys with any number of values each, as sets. Nearly all keys of ours have one value: it is kept as itself, for a Set
 * costs 200 bytes.
 */
export class MultiMap<K, V extends string | number> {
  readonly #values = new Map<K, V | Set<V>>();

  /** The values of a key, in the order in which they were added. */
  get(key: K): readonly V[] {
    const found = this.#values.get(key);
    if (found === undefined) return [];
    return found instanceof Set ? [...found] : [found];
  }

  keys(): IterableIterator<K> {
    return this.#values.keys();
  }

  add(key: K, value: V): void {
    const found = this.#values.get(key);
    if (found === undefined) this.#values.set(key, value);
    else if (found instanceof Set) found.add(value);
    else if (found !== value) this.#values.set(key, new Set([found, value]));
  }

  /** Does nothing where the key does not have the value. */
  delete(key: K, value: V): void {
    const found = this.#values.get(key);
    if (!(found instanceof Set)) {
      if (found === value) this.#values.delete(key);
      return;
    }
    found.delete(value);
    const [first] = found;
    if (found.size === 1 && first !== undefined) this.#values.set(key, first);
  }
}
