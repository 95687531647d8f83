import type { Problem } from "#lib/problem.ts";
import type { RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";

/** What is remembered of an object over a restart. */
export interface ArchivedObject {
  /** Milliseconds since the epoch: when this appliance first saw the object (whose host claim is the older). */
  readonly firstSeen: number;
  /** The file of its last usable form. */
  readonly file: string;
  /** Content hash of the form that Envoy accepted, if any did. */
  readonly acceptedHash: string | undefined;
  readonly refused: ArchivedRefusal | undefined;
}

export interface ArchivedRefusal {
  readonly hash: string | undefined;
  readonly by: "validation" | "envoy";
  readonly problems: readonly Problem[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Where accepted forms outlive the process. */
export interface Archive {
  /** All that is remembered, with what was saved a moment ago. */
  load(): Map<RefKey, ArchivedObject>;
  /** The accepted form, or undefined when none is kept. */
  form(key: RefKey): Resource | undefined;
  /** Remembers; with `form` also the accepted form of that hash. Written soon, at the latest by {@link Archive.close}. */
  save(key: RefKey, object: ArchivedObject, form?: Resource): void;
  forget(key: RefKey): void;
  close(): void;
}

/** An archive that forgets: for checks and tests that keep no state. */
export class MemoryArchive implements Archive {
  readonly #objects = new Map<RefKey, ArchivedObject>();
  readonly #forms = new Map<RefKey, Resource>();

  load(): Map<RefKey, ArchivedObject> {
    return new Map(this.#objects);
  }

  form(key: RefKey): Resource | undefined {
    return this.#forms.get(key);
  }

  save(key: RefKey, object: ArchivedObject, form?: Resource): void {
    this.#objects.set(key, object);
    if (form !== undefined) this.#forms.set(key, form);
  }

  forget(key: RefKey): void {
    this.#objects.delete(key);
    this.#forms.delete(key);
  }

  close(): void {}
}
