import type { Origin, Problem } from "#lib/problem.ts";
import type { ObjectRef, RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { ArchivedObject } from "./archive.ts";
import type { IndexEntry } from "./indexes.ts";
import type { Refusal, StoredObject, StoreEvent } from "./object-state.ts";

/** All that the store keeps of one object. */
export interface Entry {
  readonly ref: ObjectRef;
  readonly key: RefKey;
  readonly firstSeen: number;
  origin: Origin;
  inUse: StoredObject | undefined;
  /** The form that Envoy accepted last, when it is not `inUse`; before it has answered for any, the one before. */
  fallback: StoredObject | undefined;
  acceptedHash: string | undefined;
  refused: Refusal | undefined;
  /** The form that Envoy refused, to be tried again should another turn out to be the cause. */
  refusedForm: StoredObject | undefined;
  warnings: readonly Problem[];
  /** What the archive has of it: what says the same is not written again. */
  saved: ArchivedObject | undefined;
}

/** What one change of the store has touched so far. */
export interface Changes {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** When what is new in it was first seen: one time for all parts, so that their order says nothing about their age. */
  readonly seen: number;
  readonly objects: Map<RefKey, ObjectRef>;
  readonly entries: Map<string, IndexEntry>;
  readonly noted: Map<RefKey, ObjectRef>;
}

export function eventOf(sequence: number, { objects, entries, noted }: Changes): StoreEvent {
  return {
    sequence,
    changed: [...objects.values()],
    entries: [...entries.values()],
    noted: [...noted].flatMap(([key, ref]) => (objects.has(key) ? [] : [ref])),
  };
}

/** An object that does not say when it was made is as old as its first sight here. */
export function withCreation(object: Resource, firstSeen: number): Resource {
  return { ...object, metadata: { ...object.metadata, creationTimestamp: isoTime(firstSeen) } };
}

let lastTime = { at: 0, text: new Date(0).toISOString() };

/** What is read together was seen together: one text for all of it. */
function isoTime(at: number): string {
  if (lastTime.at !== at) lastTime = { at, text: new Date(at).toISOString() };
  return lastTime.text;
}
