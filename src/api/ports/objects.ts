import type { Origin, Problem } from "#lib/problem.ts";
import type { Kind, ObjectRef } from "#resources/ref.ts";

/** The objects, what they became and what is wrong with them. Implementations return everything; the API cuts to the principal. */
export interface ObjectsView {
  /** All of one kind, or all. Sorted by reference. */
  list(kind?: Kind): readonly ObjectSummary[];
  get(ref: ObjectRef): ObjectDetail | undefined;
}

export interface ObjectSummary {
  readonly ref: ObjectRef;
  /** `current`: as written; `lastGood`: refused, an earlier form goes on; `none`: nothing of it takes effect. */
  readonly inUse: "current" | "lastGood" | "none";
  /** Where it is written. */
  readonly origin: Origin;
  /** Errors first. */
  readonly problems: readonly ObjectProblem[];
  /** RFC 3339. */
  readonly createdAt?: string;
  /** Further columns as `get` shows them, by heading: `{"HOSTS": "shop.localhost"}`. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface ObjectProblem extends Problem {
  /** CamelCase: `ServiceNotFound`. */
  readonly reason: string;
  /** What kinds with grouped conditions call the group: `RouteError` of an HTTPProxy. */
  readonly type?: string;
  /** Who found it. */
  readonly by: "validation" | "translation" | "envoy";
}

export interface ObjectDetail extends ObjectSummary {
  /** The form in use, or undefined when there is none. The API takes secrets out of it. */
  readonly object: unknown;
  /** What it became in Envoy, sorted: `virtualHost http/shop.localhost`. */
  readonly became: readonly string[];
}
