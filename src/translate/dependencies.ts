import type { UnitId } from "./unit.ts";

/** Which units read what, kept both ways: a change finds its readers, a rebuilt unit drops what it reads no more. */
export class Dependencies {
  readonly #readers = new Map<string, Set<UnitId>>();
  readonly #reads = new Map<UnitId, ReadonlySet<string>>();

  record(unit: UnitId, reads: ReadonlySet<string>): void {
    const before = this.#reads.get(unit);
    for (const read of before ?? []) if (!reads.has(read)) this.#drop(read, unit);
    for (const read of reads) {
      if (before?.has(read) === true) continue;
      const readers = this.#readers.get(read);
      if (readers === undefined) this.#readers.set(read, new Set([unit]));
      else readers.add(unit);
    }
    this.#reads.set(unit, reads);
  }

  forget(unit: UnitId): void {
    for (const read of this.#reads.get(unit) ?? []) this.#drop(read, unit);
    this.#reads.delete(unit);
  }

  readersOf(read: string): Iterable<UnitId> {
    return this.#readers.get(read) ?? [];
  }

  #drop(read: string, unit: UnitId): void {
    const readers = this.#readers.get(read);
    readers?.delete(unit);
    if (readers?.size === 0) this.#readers.delete(read);
  }
}
