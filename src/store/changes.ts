import type { Origin, Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";

/** What a source says about one object. */
export type SourceChange =
  /** The object stands and is valid in itself. */
  | { readonly type: "put"; readonly object: Resource; readonly origin: Origin; readonly warnings?: readonly Problem[] }
  /** The object stands but cannot be used: its last accepted form goes on, and the problems are shown. */
  | {
      readonly type: "refuse";
      readonly ref: ObjectRef;
      readonly origin: Origin;
      readonly problems: readonly Problem[];
    }
  /** The object is gone. */
  | { readonly type: "delete"; readonly ref: ObjectRef };

/** What a source writes to. One call is one change: its parts take effect together. */
export interface ObjectSink {
  apply(changes: readonly SourceChange[]): void;
  /** The objects whose last usable form came from `file`; it survives a restart, so that a broken file keeps them. */
  refsFrom(file: string): readonly ObjectRef[];
}
