import type { Preference } from "#resources/preference.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { RouteAnnotations } from "#resources/route-annotations.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Need, Reader } from "../unit.ts";
import type { HostAuthorization } from "./authorization.ts";
import type { HostJwt } from "./jwt.ts";
import type { ProxyProblem, ProxyProblems } from "./proxy-problems.ts";

/** What the parts of a route's translation have in common: where they read, and where they leave what they find. */
export interface RouteContext {
  readonly read: Reader;
  readonly settings: TranslateSettings;
  readonly problems: ProxyProblems;
  readonly needs: Need[];
  /** Of the host that the route belongs to. */
  readonly authorization: HostAuthorization | undefined;
  readonly jwt: HostJwt | undefined;
  /** The proxy that the route stands in, and what it says of the order in which upstreams are used. */
  readonly ref: ObjectRef;
  readonly preference: Preference;
  /** What its other annotations say of its routes. */
  readonly annotations: RouteAnnotations;
  /** `spec.routes[3]`. */
  readonly path: string;
}

/** @param field below the route's own path; empty for the whole route */
export function complain(
  context: RouteContext,
  severity: "error" | "warning",
  field: string,
  problem: Omit<ProxyProblem, "path">,
): void {
  const path = field === "" ? context.path : `${context.path}.${field}`;
  if (severity === "error") context.problems.error(context.ref, { ...problem, path });
  else context.problems.warn(context.ref, { ...problem, path });
}
