import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";

/** An object at one moment, with all that this API says about it. */
export interface ServedObject {
  readonly ref: ObjectRef;
  /** The form in use, or undefined when nothing of it takes effect: then only its name and its problems are shown. */
  readonly object: Resource | undefined;
  /** Grows with every change; two objects never share one. Becomes `resourceVersion`. */
  readonly version: number;
  /** `current`: as written; `lastGood`: refused, an earlier form goes on; `none`: nothing of it takes effect. */
  readonly inUse: "current" | "lastGood" | "none";
  /** Errors first. */
  readonly problems: readonly ServedProblem[];
  /** `shop.yaml:3`: where it is written. */
  readonly origin: string;
  /** For an Ingress that is ours: where its traffic is taken in. */
  readonly addresses: readonly IngressAddress[];
}

export interface ServedProblem extends Problem {
  /** CamelCase: `ServiceNotFound`. */
  readonly reason: string;
  /** What kinds with grouped conditions call the group: `RouteError` of an HTTPProxy. */
  readonly type?: string;
}

/** An entry of an Ingress's `status.loadBalancer.ingress`. */
export interface IngressAddress {
  readonly ip: string;
  readonly ports: readonly { readonly port: number; readonly protocol: "TCP" }[];
}

/** One change of what is served. At least one of `before` and `after` stands. */
export interface ServedChange {
  readonly version: number;
  readonly before: ServedObject | undefined;
  readonly after: ServedObject | undefined;
}
