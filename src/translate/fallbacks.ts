import { canonicalJson } from "#lib/canonical.ts";
import { readServiceAnnotations } from "#resources/annotations.ts";
import { FAILOVER_ANNOTATION, type FailoverChain, PREFER_ZONES_ANNOTATION } from "#resources/preference.ts";
import type { Service } from "#resources/service.ts";
import { findPort, resolveServicePort } from "./backend.ts";
import { differingPolicies } from "./differing-policies.ts";
import { clusterName, type UpstreamIdentity } from "./ir.ts";
import type { Reader } from "./unit.ts";
import { protocolWords, type UpstreamProtocol, upstreamProtocol } from "./upstream-protocol.ts";
import type { UpstreamVariation } from "./upstream-variation.ts";
import type { Verdict } from "./verdict.ts";

/** A Service that takes over when too few endpoints of those before it are healthy. */
export interface Fallback {
  readonly name: string;
  readonly port: number | string;
  /** The annotation that says so. */
  readonly by: string;
}

/** What a route wants of one of its Services, as far as it decides who can stand in for whom. */
export interface FirstService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | string;
  readonly protocol: UpstreamVariation["protocol"] | undefined;
  /** Whether the route says itself how endpoints are checked. */
  readonly checks: boolean;
}

export type FallbackProblem = Omit<Verdict, "ref" | "path">;

export interface ResolvedService {
  /** The first that exists: its settings are for all of them. */
  readonly upstream: UpstreamIdentity;
  readonly service: Service;
  readonly fallbacks: readonly UpstreamIdentity[];
  /** Whether endpoints have an order, so that a retry goes to the next in it. */
  readonly ordered: boolean;
}

/** The Services that a route's chains name after one of its Services. */
export function fallbacksOf(
  chains: readonly FailoverChain[],
  { name, port }: { readonly name: string; readonly port: number | string },
): readonly Fallback[] {
  const named = chains.filter(({ first }) => first.name === name);
  const chain = named.find(({ first }) => first.port === port) ?? named.find(({ first }) => first.port === undefined);
  return (chain?.fallbacks ?? []).map((next) => ({
    name: next.name,
    port: next.port ?? port,
    by: FAILOVER_ANNOTATION,
  }));
}

/**
 * Resolves a Service with those that take over from it. One that is missing is passed over, the first of all, too: it could not be
 * less healthy. One that is spoken to in another way gets nothing, because a cluster in Envoy has one way.
 *
 * @param effect what becomes of requests when there is none of them
 * @param tell `undefined` for `by`: it is about the first, as the route names it
 */
export function resolveFallbacks(
  first: FirstService,
  fallbacks: readonly Fallback[],
  effect: string,
  read: Reader,
  tell: (by: string | undefined, problem: FallbackProblem) => void,
): ResolvedService | undefined {
  const { namespace } = first;
  const chain = [{ name: first.name, port: first.port, by: undefined }, ...fallbacks].map((named) => ({
    ...named,
    resolved: resolveServicePort(namespace, named.name, named.port, "tcp", read),
  }));
  const base = chain.findIndex(({ resolved }) => "upstream" in resolved);
  const heir = chain[base];
  for (const [index, { name, port, by, resolved }] of chain.entries()) {
    if ("upstream" in resolved) continue;
    const does =
      index > 0
        ? "so it takes over from nobody"
        : heir === undefined
          ? effect
          : `so its requests go to ${heir.name}, which takes over from it`;
    const said = resolveServicePort(namespace, name, port, "tcp", read, does);
    if ("problem" in said) tell(by, { ...said.problem, ...(index > 0 ? { severity: "warning" } : {}) });
  }
  if (heir === undefined || !("upstream" in heir.resolved)) return undefined;
  const { upstream } = heir.resolved;
  const service = read.get("Service", namespace, heir.name)!.object;
  const { annotations } = service.metadata;
  // Nearly all have none, and nothing more has to be read for them.
  const ordered =
    Object.hasOwn(annotations, PREFER_ZONES_ANNOTATION) && readServiceAnnotations(annotations).value.zones.length > 0;
  if (fallbacks.length === 0) return { upstream, service, fallbacks: [], ordered };
  const wishes = readServiceAnnotations(annotations).value;
  const speaks = protocolOf(first.protocol, service, upstream);
  const standIns: UpstreamIdentity[] = [];
  for (const { name, by, resolved } of chain.slice(base + 1)) {
    if (!("upstream" in resolved)) continue;
    const other = read.get("Service", namespace, name)!.object;
    const otherSpeaks = protocolOf(first.protocol, other, resolved.upstream);
    if (canonicalJson(otherSpeaks) !== canonicalJson(speaks)) {
      const words = `Service ${namespace}/${name} is spoken to by ${protocolWords(otherSpeaks)}, ${heir.name} by ${protocolWords(speaks)}`;
      const message = `${words}, so it takes over from nobody`;
      const fix = "give both the same projectcontour.io/upstream-protocol annotations or appProtocol";
      tell(by, { severity: "warning", reason: "FallbackProtocolDiffers", message, fix });
      continue;
    }
    const said = { healthCheck: first.checks, circuitBreaker: {} };
    const differing = differingPolicies(wishes, readServiceAnnotations(other.metadata.annotations).value, said);
    if (differing.length > 0) {
      const message = `Service ${namespace}/${name} says something else of ${differing.join(" and ")} than ${heir.name}, whose settings are for both`;
      const fix = `give both the same, or take them from ${name}`;
      tell(by, { severity: "warning", reason: "FallbackPolicyDiffers", message, fix });
    }
    standIns.push(resolved.upstream);
  }
  return { upstream, service, fallbacks: standIns, ordered: ordered || standIns.length > 0 };
}

/** What a cluster is asked for so that its endpoints have this order. */
export function orderOf(
  { fallbacks }: Pick<ResolvedService, "fallbacks">,
  zones: readonly string[],
): Pick<UpstreamVariation, "fallbacks" | "zones"> {
  return {
    ...(fallbacks.length === 0 ? {} : { fallbacks: fallbacks.map(clusterName) }),
    ...(zones.length === 0 ? {} : { zones }),
  };
}

function protocolOf(
  asked: UpstreamVariation["protocol"],
  service: Service,
  { port, transport }: UpstreamIdentity,
): UpstreamProtocol {
  const { http2, tls } = upstreamProtocol(asked, service, port, findPort(service, port, transport));
  return { http2, tls };
}
