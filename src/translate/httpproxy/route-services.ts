import type { ProxyRoute, ProxyService } from "#resources/httpproxy.ts";
import type { IrForward, IrHeaderChanges, IrWeightedCluster } from "../ir-route.ts";
import type { IrCookieRewrite } from "../ir-policies.ts";
import { findPort } from "../backend.ts";
import { upstreamProtocol } from "../upstream-protocol.ts";
import { neededBy, upstreamCluster, type UpstreamVariation } from "../upstream-variation.ts";
import { cookieRewrites } from "./cookie-policy.ts";
import { headerPolicy } from "./header-policy.ts";
import { orderOf, resolveFallbacks } from "../fallbacks.ts";
import { complain, type RouteContext } from "./route-context.ts";
import { complainOf, type ServiceTarget, serviceTargets } from "./service-targets.ts";
import { slowStart, verification } from "./service-policies.ts";

/** What the whole route says about each of its upstreams. */
export interface RouteWishes {
  readonly variation: UpstreamVariation;
  /** The authority that upstreams get, which is also the server name of TLS to them. */
  readonly host: string | undefined;
  readonly cookies: readonly IrCookieRewrite[];
}

export interface RouteServices {
  /** Undefined: none of the services can be sent to. */
  readonly clusters: IrForward["clusters"] | undefined;
  readonly mirrors: NonNullable<IrForward["mirrors"]>;
  /** How many others, at most, take over from one of them. Undefined: their endpoints have no order. */
  readonly fallbacks: number | undefined;
}

/**
 * The services of a route as clusters. One that is missing gets nothing, and the others share what comes; one whose own
 * settings are wrong is as good as missing, because without them it might be sent what it must not get.
 */
export function routeServices(
  route: Pick<ProxyRoute, "services">,
  wishes: RouteWishes,
  context: RouteContext,
): RouteServices {
  const entries = route.services.map((service, index) => ({ service, index }));
  const targets = entries.filter(({ service }) => service.mirror !== true);
  const mirrors = entries.filter(({ service }) => service.mirror === true);
  if (targets.length === 0) {
    const message = "its services are mirrors alone, whose answers nobody gets, so this route answers 503";
    complain(context, "error", "services", { type: "RouteError", reason: "RouteActionCountNotValid", message });
  }
  const sent = serviceTargets(targets, context);
  const resolved = sent.flatMap((target) => {
    const found = weightedCluster(target, `services[${target.index}]`, wishes, context);
    return found === undefined ? [] : [{ ...found, weight: target.service.weight ?? 0 }];
  });
  const counts = resolved.flatMap(({ fallbacks }) => fallbacks ?? []);
  return {
    clusters: weighted(
      resolved,
      sent.reduce((sum, { service }) => sum + (service.weight ?? 0), 0),
    ),
    mirrors: mirror(mirrors, wishes, context),
    fallbacks: counts.length === 0 ? undefined : Math.max(...counts),
  };
}

/** Envoy adds them up in 32 bits. */
const MOST_WEIGHT = 2 ** 32 - 1;

/** Without any weight all get the same; where some have one, those without get nothing (Contour). */
function weighted(
  resolved: readonly { readonly cluster: IrWeightedCluster; readonly weight: number }[],
  written: number,
): RouteServices["clusters"] {
  const [only] = resolved;
  if (only === undefined) return undefined;
  if (written === 0) return resolved.map(({ cluster }) => cluster);
  // Those that are left may all be weightless: what was meant for others is not theirs.
  if (resolved.every(({ weight }) => weight === 0)) return undefined;
  if (resolved.length === 1) return [only.cluster];
  const scale = Math.max(1, written / MOST_WEIGHT);
  return resolved.map(({ cluster, weight }) => ({ ...cluster, weight: Math.floor(weight / scale) }));
}

interface Sent extends Pick<RouteServices, "fallbacks"> {
  readonly cluster: IrWeightedCluster;
}

function weightedCluster(
  target: ServiceTarget,
  field: string,
  wishes: RouteWishes,
  context: RouteContext,
): Sent | undefined {
  const { service } = target;
  const variables = serviceVariables(service, context);
  const wrong = (reason: string, message: string): undefined => {
    const type = reason === "CookieRewritePoliciesInvalid" ? "RouteError" : "ServiceError";
    complain(context, "error", field, { type, reason, message: `${message}, so it gets no requests` });
    return undefined;
  };
  const request = headerPolicy(service.requestHeadersPolicy, { host: "static", variables });
  if ("problem" in request) return wrong("RequestHeadersPolicyInvalid", request.problem);
  const response = headerPolicy(service.responseHeadersPolicy, { host: "never", variables });
  if ("problem" in response) return wrong("ResponseHeadersPolicyInvalid", response.problem);
  const own = cookieRewrites(service.cookieRewritePolicies);
  if ("problem" in own) return wrong("CookieRewritePoliciesInvalid", own.problem);
  const host = request.host?.type === "literal" ? request.host.value : undefined;
  const found = serviceCluster(target, field, { ...wishes, host: host ?? wishes.host }, context);
  if (found === undefined) return undefined;
  const cluster = {
    name: found.name,
    weight: 1,
    ...changes("requestHeaders", request.changes),
    ...changes("responseHeaders", response.changes),
    ...(host === undefined ? {} : { hostRewrite: host }),
    ...(own.cookies.length === 0 ? {} : { policies: { cookies: [...wishes.cookies, ...own.cookies] } }),
  };
  return { cluster, fallbacks: found.fallbacks };
}

function changes(
  key: "requestHeaders" | "responseHeaders",
  value: IrHeaderChanges | undefined,
): Partial<IrWeightedCluster> {
  return value === undefined ? {} : { [key]: value };
}

function serviceVariables({ name, port }: ProxyService, { ref }: RouteContext): Readonly<Record<string, string>> {
  return { CONTOUR_NAMESPACE: ref.namespace, CONTOUR_SERVICE_NAME: name, CONTOUR_SERVICE_PORT: String(port) };
}

/** The cluster that stands for a service of a route, and for those that take over from it. */
function serviceCluster(
  { service, fallbacks }: Omit<ServiceTarget, "index">,
  field: string,
  { variation, host }: RouteWishes,
  context: RouteContext,
): (Pick<RouteServices, "fallbacks"> & { readonly name: string }) | undefined {
  const { ref, preference, read, needs } = context;
  const { name, port, protocol: asked } = service;
  const checks = variation.healthCheck !== undefined;
  const first = { namespace: ref.namespace, name, port, protocol: asked, checks };
  const resolved = resolveFallbacks(first, fallbacks, "so it gets no requests", read, complainOf(field, context));
  if (resolved === undefined) return undefined;
  const { upstream, service: object } = resolved;
  const protocol = upstreamProtocol(asked, object, upstream.port, findPort(object, upstream.port, "tcp"));
  const verify = verification(service, protocol.tls, field, context);
  if (verify === "refused") return undefined;
  const whole: UpstreamVariation = {
    ...variation,
    ...(service.protocol === undefined ? {} : { protocol: service.protocol }),
    ...(service.healthPort === undefined ? {} : { healthPort: service.healthPort }),
    ...slowStart(service, variation.loadBalancing, field, context),
    ...(protocol.tls && host !== undefined ? { sni: host.replace(/:\d+$/, "") } : {}),
    ...(verify === undefined ? {} : { verify }),
    ...orderOf(resolved, preference.zones),
  };
  const { cluster, unit } = upstreamCluster(upstream, whole);
  needs.push(neededBy(unit, ref));
  const isOrdered = resolved.ordered || preference.zones.length > 0;
  return { name: cluster, fallbacks: isOrdered ? resolved.fallbacks.length : undefined };
}

function mirror(
  mirrors: readonly { readonly service: ProxyService; readonly index: number }[],
  wishes: RouteWishes,
  context: RouteContext,
): RouteServices["mirrors"] {
  const [only, second] = mirrors;
  if (only === undefined) return [];
  if (second !== undefined) {
    complain(context, "error", `services[${second.index}].mirror`, {
      type: "ServiceError",
      reason: "OnlyOneMirror",
      message: "a route has one mirror at most, so none gets copies",
      fix: "keep one of them",
    });
    return [];
  }
  // Copies are for this service alone: nobody takes over.
  // And nobody gets its answers, so that nothing is gained by making them small.
  const { compression: _compression, ...variation } = wishes.variation;
  const plain = { ...wishes, variation };
  const found = serviceCluster({ ...only, fallbacks: [] }, `services[${only.index}]`, plain, context);
  if (found === undefined) return [];
  const { name: cluster } = found;
  const { weight = 0 } = only.service;
  // Contour: a weight of 0 cannot be told from none, which is every request.
  return [{ cluster, percent: weight === 0 ? 100 : Math.min(100, weight) }];
}
