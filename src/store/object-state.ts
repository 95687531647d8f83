import type { Origin, Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { IndexEntry } from "./indexes.ts";

/** An object in the form that takes effect. */
export interface StoredObject<R extends Resource = Resource> {
  readonly ref: ObjectRef;
  readonly object: R;
  /** Hash of what it says; status and server bookkeeping do not count. */
  readonly hash: string;
  /** Grows with every change of the store: of two objects, the one with the higher number changed later. */
  readonly sequence: number;
}

/** Why the form that the source offers is not the one that takes effect. */
export interface Refusal {
  /** Undefined when there is no form to speak of: the document could not be read. */
  readonly hash: string | undefined;
  readonly by: "validation" | "envoy";
  readonly problems: readonly Problem[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** All that the store knows about one object. */
export interface ObjectState {
  readonly ref: ObjectRef;
  readonly origin: Origin;
  /** Undefined: nothing of it takes effect. */
  readonly inUse: StoredObject | undefined;
  /** Content hash of the form that Envoy accepted last. */
  readonly acceptedHash: string | undefined;
  readonly refused: Refusal | undefined;
  readonly warnings: readonly Problem[];
}

/** One change of the store. All parts take effect together. */
export interface StoreEvent {
  readonly sequence: number;
  /** Objects whose form in use changed: read them again. */
  readonly changed: readonly ObjectRef[];
  /** Index entries that hold one of them, before or after. */
  readonly entries: readonly IndexEntry[];
  /** Objects of which only what is known about them changed (a refusal, a warning). */
  readonly noted: readonly ObjectRef[];
}
