import { compareText } from "#lib/compare.ts";
import { MultiMap } from "#lib/multi-map.ts";
import type { Problem } from "#lib/problem.ts";
import { formatRef, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { SourceChange } from "#store/changes.ts";
import type { ManifestEntry } from "./manifest.ts";

/** What is known of one file: what it says, or why it cannot be read. */
export type FileContent = { readonly entries: readonly ManifestEntry[] } | { readonly unreadable: Problem };

interface FileClaims {
  readonly content: FileContent;
  /** Objects that it names. */
  readonly present: ReadonlyMap<RefKey, readonly NamedEntry[]>;
  /** Objects that it named before, while a part of it cannot be read: they may still be in that part. */
  readonly held: ReadonlyMap<RefKey, ObjectRef>;
  readonly blockers: readonly Problem[];
}

type NamedEntry = Extract<ManifestEntry, { readonly key: RefKey }>;

/** Which entry stands for an object now, and so what the sink was told last. */
type Standing =
  | { readonly type: "entry"; readonly file: string; readonly entry: NamedEntry }
  | { readonly type: "held"; readonly file: string; readonly blockers: readonly Problem[] };

/**
 * Which objects stand, by what all files say: an object that two files name is the first one's, in the order of their names,
 * and an object whose file cannot be read just now is refused rather than deleted.
 */
export class Claims {
  readonly #refsFrom: (file: string) => readonly ObjectRef[];
  readonly #files = new Map<string, FileClaims>();
  /** The files that claim an object, present or held. */
  readonly #claimants = new MultiMap<RefKey, string>();
  readonly #standing = new Map<RefKey, Standing>();
  readonly #duplicates = new Map<RefKey, readonly Problem[]>();
  /** Of files that have any. */
  readonly #problems = new Map<string, readonly Problem[]>();
  readonly #touched = new Map<RefKey, ObjectRef>();

  /** @param refsFrom what a file held when it was read last, in another life of this process */
  constructor(refsFrom: (file: string) => readonly ObjectRef[]) {
    this.#refsFrom = refsFrom;
  }

  /** The names of all files, those that cannot be read included. */
  files(): IterableIterator<string> {
    return this.#files.keys();
  }

  /** What a file says from now on. */
  set(file: string, content: FileContent): void {
    const before = this.#files.get(file);
    const present = new Map<RefKey, NamedEntry[]>();
    for (const entry of "entries" in content ? content.entries : []) {
      if (!("key" in entry)) continue;
      const same = present.get(entry.key);
      if (same === undefined) present.set(entry.key, [entry]);
      else same.push(entry);
    }
    const blockers = blockersOf(content);
    const held = new Map<RefKey, ObjectRef>();
    if (blockers.length > 0) {
      for (const [key, ref] of before === undefined ? keyed(this.#refsFrom(file)) : refsOf(before)) {
        if (!present.has(key)) held.set(key, ref);
      }
    }
    this.#replace(file, { content, present, held, blockers });
  }

  /** The file is gone, and with it what only it said. */
  delete(file: string): void {
    this.#replace(file, undefined);
  }

  /** How many objects of the file would be gone if it said only this. */
  countMissing(file: string, entries: readonly ManifestEntry[]): number {
    const before = this.#files.get(file);
    if (before === undefined) return 0;
    const keys = new Set(entries.flatMap((entry) => ("key" in entry ? [entry.key] : [])));
    return [...before.present.keys()].filter((key) => !keys.has(key)).length;
  }

  /** What changed for the sink since the last call, sorted by object. */
  takeChanges(): SourceChange[] {
    const changes: SourceChange[] = [];
    for (const [key, ref] of [...this.#touched].sort(([a], [b]) => compareText(a, b))) {
      const before = this.#standing.get(key);
      const after = this.#decide(key);
      if (isSame(before, after)) continue;
      if (after === undefined) this.#standing.delete(key);
      else this.#standing.set(key, after);
      changes.push(changeOf(ref, after));
    }
    this.#touched.clear();
    return changes;
  }

  /** Everything that is wrong and belongs to no single object, by file and line. */
  fileProblems(): readonly Problem[] {
    return [...this.#problems.values(), ...this.#duplicates.values()].flat().sort(compareProblems);
  }

  /** As {@link fileProblems}, with what is wrong with single objects. */
  allProblems(): readonly Problem[] {
    const problems = [...this.fileProblems()];
    for (const { present } of this.#files.values()) {
      for (const entry of [...present.values()].flat()) {
        problems.push(...(entry.type === "object" ? entry.warnings : entry.problems));
      }
    }
    return problems.sort(compareProblems);
  }

  /** Touches only what the file says differently now: a change in a large file costs what it changes. */
  #replace(file: string, after: FileClaims | undefined): void {
    const before = this.#files.get(file);
    for (const [key, ref] of before === undefined ? [] : refsOf(before)) {
      if (claimsAlike(before, after, key)) continue;
      this.#touched.set(key, ref);
      this.#claimants.delete(key, file);
    }
    this.#problems.delete(file);
    if (after === undefined) {
      this.#files.delete(file);
      return;
    }
    this.#files.set(file, after);
    const skipped = "entries" in after.content ? skippedKinds(file, after.content.entries) : [];
    if (after.blockers.length + skipped.length > 0) this.#problems.set(file, [...after.blockers, ...skipped]);
    for (const [key, ref] of refsOf(after)) {
      if (claimsAlike(before, after, key)) continue;
      this.#touched.set(key, ref);
      this.#claimants.add(key, file);
    }
  }

  #decide(key: RefKey): Standing | undefined {
    const files = this.#claimants.get(key).toSorted(compareText);
    const named = files.flatMap((file) =>
      (this.#files.get(file)?.present.get(key) ?? []).map((entry) => ({ type: "entry" as const, file, entry })),
    );
    const [first, ...others] = named;
    if (others.length === 0) this.#duplicates.delete(key);
    else if (first !== undefined)
      this.#duplicates.set(
        key,
        others.map((other) => duplicate(first, other)),
      );
    if (first !== undefined) return first;
    const [holder] = files;
    const blockers = holder === undefined ? undefined : this.#files.get(holder)?.blockers;
    return holder === undefined || blockers === undefined ? undefined : { type: "held", file: holder, blockers };
  }
}

function keyed(refs: readonly ObjectRef[]): readonly (readonly [RefKey, ObjectRef])[] {
  return refs.map((ref) => [refKey(ref), ref] as const);
}

function* refsOf({ present, held }: FileClaims): Generator<readonly [RefKey, ObjectRef]> {
  for (const [key, [entry]] of present) if (entry !== undefined) yield [key, entry.ref];
  yield* held;
}

function claimsAlike(before: FileClaims | undefined, after: FileClaims | undefined, key: RefKey): boolean {
  const [a, b] = [before?.present.get(key), after?.present.get(key)];
  return a !== undefined && a.length === b?.length && a.every((entry, index) => entry === b[index]);
}

function blockersOf(content: FileContent): readonly Problem[] {
  if ("unreadable" in content) return [content.unreadable];
  return content.entries.flatMap((entry) => (entry.type === "broken" ? entry.problems : []));
}

function isSame(a: Standing | undefined, b: Standing | undefined): boolean {
  if (a === undefined || b === undefined || a.file !== b.file) return a === b;
  if (a.type === "entry") return b.type === "entry" && a.entry === b.entry;
  return b.type === "held" && a.blockers === b.blockers;
}

function changeOf(ref: ObjectRef, standing: Standing | undefined): SourceChange {
  if (standing === undefined) return { type: "delete", ref };
  const { file } = standing;
  if (standing.type === "held") {
    const [first] = standing.blockers;
    return { type: "refuse", ref, origin: first?.origin ?? { file }, problems: standing.blockers };
  }
  const { entry } = standing;
  const origin = { file, line: entry.line };
  return entry.type === "refused"
    ? { type: "refuse", ref, origin, problems: entry.problems }
    : { type: "put", object: entry.object, origin, warnings: entry.warnings };
}

function duplicate(first: { file: string; entry: NamedEntry }, second: { file: string; entry: NamedEntry }): Problem {
  const message = `${formatRef(first.entry.ref)} stands already in ${first.file}:${first.entry.line}, which is in effect`;
  const origin = { file: second.file, line: second.entry.line };
  return { severity: "error", path: "", message, fix: "remove one of the two", origin };
}

function skippedKinds(file: string, entries: readonly ManifestEntry[]): readonly Problem[] {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    if (entry.type === "skipped") counts.set(entry.kind, (counts.get(entry.kind) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const kinds = [...counts]
    .sort(([a], [b]) => compareText(a, b))
    .map(([kind, count]) => (count === 1 ? kind : `${kind} (${count})`));
  const message = `skipped objects of kinds that are not read: ${kinds.join(", ")}`;
  return [{ severity: "warning", path: "", message, origin: { file } }];
}

function compareProblems(a: Problem, b: Problem): number {
  return compareText(a.origin?.file ?? "", b.origin?.file ?? "") || (a.origin?.line ?? 0) - (b.origin?.line ?? 0);
}
