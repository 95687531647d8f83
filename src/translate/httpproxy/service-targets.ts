import { canonicalJson } from "#lib/canonical.ts";
import { formatPath } from "#lib/field-path.ts";
import type { ProxyService } from "#resources/httpproxy.ts";
import { PREFER_BACKENDS_ANNOTATION } from "#resources/preference.ts";
import { backendOf } from "../backend.ts";
import { type Fallback, fallbacksOf } from "../fallbacks.ts";
import { complain, type RouteContext } from "./route-context.ts";

/** A service that a route sends to, with those that take over from it. */
export interface ServiceTarget {
  readonly service: ProxyService;
  /** In the route's `services`. */
  readonly index: number;
  readonly fallbacks: readonly Fallback[];
}

/**
 * The services of a route with those that take over: by its object's chains, and then, where backends are preferred, those of others.
 * The ones that only take over are no targets of their own.
 */
export function serviceTargets(
  services: readonly Pick<ServiceTarget, "service" | "index">[],
  context: RouteContext,
): readonly ServiceTarget[] {
  const { failover, backends } = context.preference;
  if (failover.length === 0 && backends.length === 0)
    return services.map((entry) => ({ ...entry, fallbacks: NO_FALLBACKS }));
  const { best, others } = preferred(services, context);
  const targets = services.filter((entry) => !others.includes(entry));
  return targets.map((target) => {
    const chain = fallbacksOf(failover, target.service);
    const rest = (best.includes(target) ? others : [])
      .filter(({ service }) => !chain.some(({ name, port }) => name === service.name && port === service.port))
      .map(({ service: { name, port } }) => ({ name, port, by: PREFER_BACKENDS_ANNOTATION }));
    const fallbacks = [...chain, ...rest].filter((next) => isAlike(target, next, services, context));
    return { ...target, fallbacks };
  });
}

const NO_FALLBACKS: readonly Fallback[] = [];

type Entry = Pick<ServiceTarget, "service" | "index">;

/** Those of the most preferred backend that there is, and those after it, in order; none where all are alike. */
function preferred(
  services: readonly Entry[],
  { preference: { backends }, ref, read }: RouteContext,
): { readonly best: readonly Entry[]; readonly others: readonly Entry[] } {
  if (backends.length === 0) return { best: [], others: [] };
  // What is weightless among others gets nothing, whatever is preferred.
  const isWeighted = services.some(({ service }) => (service.weight ?? 0) > 0);
  const ranked = services.flatMap((entry) => {
    const found = read.get("Service", ref.namespace, entry.service.name)?.object;
    if (found === undefined || (isWeighted && (entry.service.weight ?? 0) === 0)) return [];
    const at = backends.indexOf(backendOf(found));
    return [{ entry, rank: at < 0 ? backends.length : at }];
  });
  const least = Math.min(...ranked.map(({ rank }) => rank));
  const entries = (of: typeof ranked): readonly Entry[] => of.map(({ entry }) => entry);
  return {
    best: entries(ranked.filter(({ rank }) => rank === least)),
    others: entries(ranked.filter(({ rank }) => rank > least).sort((a, b) => a.rank - b.rank)),
  };
}

/** Whether the route says the same of both, where it names both: an upstream in Envoy is spoken to in one way. */
function isAlike(
  { service, index }: Entry,
  next: Fallback,
  services: readonly Entry[],
  context: RouteContext,
): boolean {
  const other = services.find((entry) => entry.service.name === next.name && entry.service.port === next.port);
  if (other === undefined || settingsOf(other.service) === settingsOf(service)) return true;
  context.problems.warn(context.ref, {
    type: "ServiceError",
    reason: "FallbackPolicyDiffers",
    path: formatPath(["metadata", "annotations", next.by]),
    message: `${context.path}.services[${other.index}] says something else of Service ${next.name} than services[${index}] of ${service.name}, so it does not take over from it there`,
    fix: "give both the same protocol, validation, headers, cookies, healthPort and slowStartPolicy",
  });
  return false;
}

/** All that a route says of a service but which it is and how much it gets. */
function settingsOf({ name: _name, port: _port, weight: _weight, mirror: _mirror, ...settings }: ProxyService): string {
  return canonicalJson(settings);
}

/** Says what is wrong with a service at the route, and with one that takes over at the annotation. */
export function complainOf(
  field: string,
  context: RouteContext,
): (
  by: string | undefined,
  problem: { severity: "error" | "warning"; reason: string; message: string; fix?: string },
) => void {
  const isConnection = context.path === "spec.tcpproxy";
  return (by, { severity, reason, message, fix }) => {
    const words = {
      type: isConnection ? "TCPProxyError" : "ServiceError",
      reason: reason.startsWith("Fallback") ? reason : "ServiceUnresolvedReference",
      message,
      ...(fix === undefined ? {} : { fix }),
    } as const;
    if (by === undefined) complain(context, severity, field, words);
    else context.problems.warn(context.ref, { ...words, path: formatPath(["metadata", "annotations", by]) });
  };
}
