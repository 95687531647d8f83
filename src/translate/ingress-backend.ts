import type { IngressBackend } from "#resources/ingress.ts";
import type { Preference } from "#resources/preference.ts";
import type { RouteAnnotations } from "#resources/route-annotations.ts";
import { type FallbackProblem, fallbacksOf, orderOf, resolveFallbacks } from "./fallbacks.ts";
import type { Reader, UnitId } from "./unit.ts";
import { upstreamCluster } from "./upstream-variation.ts";

/** Where a path of an Ingress leads. */
export interface RouteBackend {
  readonly cluster: string;
  readonly unit: UnitId;
  /** How many others take over from it. Undefined: its endpoints have no order. */
  readonly fallbacks: number | undefined;
}

/**
 * Resolves `spec…backend` of an Ingress in `namespace`. Undefined: it leads nowhere.
 *
 * @param tell `undefined` for `by`: it is about the backend itself
 */
export function resolveBackend(
  backend: IngressBackend,
  namespace: string,
  { failover, zones, compression }: Preference & RouteAnnotations,
  read: Reader,
  tell: (by: string | undefined, problem: FallbackProblem) => void,
): RouteBackend | undefined {
  if (backend.service === undefined) {
    const { kind = "object", name = "" } = backend.resource ?? {};
    tell(undefined, {
      severity: "error",
      reason: "ResourceBackendUnsupported",
      message: `backend ${kind} ${name} is a resource; only Services can be backends, so this path answers 503`,
      fix: "name a service instead of a resource",
    });
    return undefined;
  }
  const { name, port: named } = backend.service;
  const port = named.name ?? named.number ?? 0;
  const first = { namespace, name, port, protocol: undefined, checks: false };
  const effect = "so this path answers 503";
  const resolved = resolveFallbacks(first, fallbacksOf(failover, { name, port }), effect, read, tell);
  if (resolved === undefined) return undefined;
  const isOrdered = resolved.ordered || zones.length > 0;
  const fallbacks = isOrdered ? resolved.fallbacks.length : undefined;
  const variation = { ...(compression === undefined ? {} : { compression }), ...orderOf(resolved, zones) };
  return { ...upstreamCluster(resolved.upstream, variation), fallbacks };
}
