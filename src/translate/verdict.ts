import type { ObjectRef } from "#resources/ref.ts";

/**
 * One thing that a unit found out about one object it read. An object's status is the merge of the verdicts of all
 * units that read it, so it does not depend on the order in which they were built.
 */
export interface Verdict {
  readonly ref: ObjectRef;
  readonly severity: "error" | "warning";
  /** What kinds with grouped conditions call the group: `RouteError` of an HTTPProxy. */
  readonly type?: string;
  /** CamelCase, one word for programs: `ServiceNotFound`, `HostTaken`. */
  readonly reason: string;
  /** Field path that it is about; empty for the whole object. */
  readonly path: string;
  /** What is wrong and what happens because of it. */
  readonly message: string;
  /** What to do, as an imperative. */
  readonly fix?: string;
  /** Somebody else was first: of which host, and who. */
  readonly taken?: { readonly host: string; readonly by: ObjectRef };
}
