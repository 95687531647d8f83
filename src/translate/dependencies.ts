import { MultiMap } from "#lib/multi-map.ts";
import type { UnitId } from "./unit.ts";

/** Which units read what, kept both ways: a change finds its readers, a rebuilt unit drops what it reads no more. */
export class Dependencies {
  readonly #readers = new MultiMap<string, UnitId>();
  readonly #reads = new Map<UnitId, readonly string[]>();

  record(unit: UnitId, reads: ReadonlySet<string>): void {
    for (const read of this.#reads.get(unit) ?? []) if (!reads.has(read)) this.#readers.delete(read, unit);
    for (const read of reads) this.#readers.add(read, unit);
    this.#reads.set(unit, [...reads]);
  }

  forget(unit: UnitId): void {
    for (const read of this.#reads.get(unit) ?? []) this.#readers.delete(read, unit);
    this.#reads.delete(unit);
  }

  readersOf(read: string): Iterable<UnitId> {
    return this.#readers.get(read);
  }
}
