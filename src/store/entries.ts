import { compareText } from "#lib/compare.ts";
import type { Origin } from "#lib/problem.ts";
import { type ObjectRef, parseRefKey, refKey, type RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Archive, ArchivedObject } from "./archive.ts";
import type { Entry } from "./entry.ts";
import { FileIndex } from "./file-index.ts";
import type { Refusal } from "./object-state.ts";

/**
 * The store's entries, by reference, by file and by refusal, and what the archive remembers of objects that no source has
 * named since the start. Whoever changes one says so here, so that each of these agrees with the others.
 */
export class Entries {
  readonly #archive: Archive;
  readonly #entries = new Map<RefKey, Entry>();
  readonly #files = new FileIndex();
  readonly #refused = new Set<Entry>();
  readonly #unseen: Map<RefKey, ArchivedObject>;
  /** The youngest `firstSeen` there is or was. */
  #lastSight = -Infinity;

  constructor(archive: Archive) {
    this.#archive = archive;
    this.#unseen = archive.load();
    for (const [key, { file, firstSeen }] of this.#unseen) {
      this.#files.move(key, undefined, file);
      this.#lastSight = Math.max(this.#lastSight, firstSeen);
    }
  }

  get(key: RefKey): Entry | undefined {
    return this.#entries.get(key);
  }

  /** All, by reference. */
  sorted(): readonly Entry[] {
    return [...this.#entries.values()].sort((a, b) => compareText(a.key, b.key));
  }

  /** Those of which a form is refused. */
  get refused(): Iterable<Entry> {
    return this.#refused;
  }

  /** Of those that stand and those unseen, what came from a file; sorted. */
  refsFrom(file: string): readonly ObjectRef[] {
    return this.#files.from(file).map(parseRefKey);
  }

  /**
   * When an object is first seen that comes at `now`, milliseconds since the epoch: never before one that has come already.
   * A clock that is set back must not make the later claim on a host the older one.
   */
  sightAt(now: number): number {
    return now < this.#lastSight ? this.#lastSight + 1 : now;
  }

  /**
   * The entry of an object; a new one goes on from what the archive remembers.
   *
   * @param seen by {@link sightAt}
   * @param acceptedHash of the form that is accepted if the archive knows of none
   */
  obtain(ref: ObjectRef, origin: Origin, seen: number, acceptedHash: string | undefined): Entry {
    const key = refKey(ref);
    const existing = this.#entries.get(key);
    if (existing !== undefined) return existing;
    const archived = this.#unseen.get(key);
    this.#unseen.delete(key);
    const entry: Entry = {
      ref,
      key,
      firstSeen: archived?.firstSeen ?? seen,
      origin: archived === undefined ? origin : { file: archived.file },
      inUse: undefined,
      fallback: undefined,
      acceptedHash: archived?.acceptedHash ?? acceptedHash,
      refused: archived?.refused,
      refusedForm: undefined,
      warnings: [],
      saved: archived,
    };
    this.#lastSight = Math.max(this.#lastSight, entry.firstSeen);
    this.#entries.set(key, entry);
    if (entry.refused !== undefined) this.#refused.add(entry);
    this.#files.move(key, undefined, entry.origin.file);
    return entry;
  }

  setRefused(entry: Entry, refused: Refusal | undefined): void {
    entry.refused = refused;
    if (refused?.by !== "envoy") entry.refusedForm = undefined;
    if (refused === undefined) this.#refused.delete(entry);
    else this.#refused.add(entry);
  }

  /** Returns whether it is another place than before. */
  setOrigin(entry: Entry, origin: Origin): boolean {
    const before = entry.origin;
    if (before.file !== origin.file) this.#files.move(entry.key, before.file, origin.file);
    entry.origin = origin;
    return before.file !== origin.file || before.line !== origin.line;
  }

  /** Has the archive remember it as it is now, with `accepted` as its accepted form. */
  save(entry: Entry, accepted?: Resource): void {
    const { firstSeen, origin, acceptedHash, refused, saved } = entry;
    const { file } = origin;
    const same = saved?.file === file && saved.acceptedHash === acceptedHash && saved.refused === refused;
    if (same && accepted === undefined) return;
    entry.saved = { firstSeen, file, acceptedHash, refused };
    this.#archive.save(entry.key, entry.saved, accepted);
  }

  /** What the archive has of it stays until it is told to forget. */
  remove(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#refused.delete(entry);
    this.#files.move(entry.key, entry.origin.file, undefined);
  }

  /** What was remembered of objects that no source has named; from now on nothing is. */
  takeUnseen(): ReadonlyMap<RefKey, ArchivedObject> {
    const unseen = new Map(this.#unseen);
    this.#unseen.clear();
    for (const [key, { file }] of unseen) this.#files.move(key, file, undefined);
    return unseen;
  }
}
