import type { ObjectRef, RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Archive } from "./archive.ts";
import type { Entry } from "./entry.ts";
import type { StoredObject } from "./object-state.ts";

/** The earlier forms of objects, in memory or in the archive: what one goes back to when it is refused, or is gone. */
export class FallbackForms {
  readonly #archive: Archive;
  readonly #form: (ref: ObjectRef, firstSeen: number, object: Resource) => StoredObject;

  /** @param form makes a form of what the archive has */
  constructor(archive: Archive, form: (ref: ObjectRef, firstSeen: number, object: Resource) => StoredObject) {
    this.#archive = archive;
    this.#form = form;
  }

  archived(ref: ObjectRef, key: RefKey, firstSeen: number): StoredObject | undefined {
    const object = this.#archive.form(key);
    return object === undefined ? undefined : this.#form(ref, firstSeen, object);
  }

  /** What an object was before another form: `before` unless that is refused, else the accepted one. */
  lastOfUse(entry: Entry, before: StoredObject | undefined): StoredObject | undefined {
    const isRefused = before?.hash === entry.refused?.hash;
    return (isRefused ? undefined : before) ?? this.#accepted(entry);
  }

  /** What a refused object goes on with: the form in use if it is not itself the refused one, else the accepted one. */
  lastGood({ ref, key, firstSeen, acceptedHash, inUse, fallback, refused }: Entry): StoredObject | undefined {
    const refusedHash = refused?.hash;
    if (inUse !== undefined && inUse.hash !== refusedHash) return inUse;
    if (fallback !== undefined && fallback.hash !== refusedHash) return fallback;
    if (acceptedHash === undefined || acceptedHash === refusedHash) return undefined;
    return this.archived(ref, key, firstSeen);
  }

  #accepted({ ref, key, firstSeen, acceptedHash, inUse, fallback }: Entry): StoredObject | undefined {
    if (acceptedHash === undefined) return undefined;
    const held = [inUse, fallback].find((form) => form?.hash === acceptedHash);
    return held ?? this.archived(ref, key, firstSeen);
  }
}
