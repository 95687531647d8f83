import type { ProxyRoute, ProxyService } from "#resources/httpproxy.ts";
import { resolveServicePort } from "../backend.ts";
import type { IrForward, IrHeaderChanges, IrWeightedCluster } from "../ir-route.ts";
import type { IrCookieRewrite } from "../ir-policies.ts";
import { findPort } from "../backend.ts";
import { upstreamProtocol } from "../upstream-protocol.ts";
import { upstreamCluster, type UpstreamVariation } from "../upstream-variation.ts";
import { cookieRewrites } from "./cookie-policy.ts";
import { headerPolicy } from "./header-policy.ts";
import { complain, type RouteContext } from "./route-context.ts";
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
  const resolved = targets.flatMap(({ service, index }) => {
    const cluster = weightedCluster(service, `services[${index}]`, wishes, context);
    return cluster === undefined ? [] : [{ cluster, weight: service.weight ?? 0 }];
  });
  return {
    clusters: weighted(
      resolved,
      targets.reduce((sum, { service }) => sum + (service.weight ?? 0), 0),
    ),
    mirrors: mirror(mirrors, wishes, context),
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

function weightedCluster(
  service: ProxyService,
  field: string,
  wishes: RouteWishes,
  context: RouteContext,
): IrWeightedCluster | undefined {
  const variables = serviceVariables(service, context);
  const wrong = (reason: string, message: string): undefined => {
    complain(context, "error", field, { type: "ServiceError", reason, message: `${message}, so it gets no requests` });
    return undefined;
  };
  const request = headerPolicy(service.requestHeadersPolicy, { host: "static", variables });
  if ("problem" in request) return wrong("RequestHeadersPolicyInvalid", request.problem);
  const response = headerPolicy(service.responseHeadersPolicy, { host: "never", variables });
  if ("problem" in response) return wrong("ResponseHeadersPolicyInvalid", response.problem);
  const own = cookieRewrites(service.cookieRewritePolicies);
  if ("problem" in own) return wrong("CookieRewritePoliciesInvalid", own.problem);
  const host = request.host?.type === "literal" ? request.host.value : undefined;
  const name = serviceCluster(service, field, { ...wishes, host: host ?? wishes.host }, context);
  if (name === undefined) return undefined;
  return {
    name,
    weight: 1,
    ...changes("requestHeaders", request.changes),
    ...changes("responseHeaders", response.changes),
    ...(host === undefined ? {} : { hostRewrite: host }),
    ...(own.cookies.length === 0 ? {} : { policies: { cookies: [...wishes.cookies, ...own.cookies] } }),
  };
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

/** The name of the cluster that stands for a service of a route. */
function serviceCluster(
  service: ProxyService,
  field: string,
  { variation, host }: RouteWishes,
  context: RouteContext,
): string | undefined {
  const { ref, read, needs } = context;
  const resolved = resolveServicePort(ref.namespace, service.name, service.port, "tcp", read, "so it gets no requests");
  if ("problem" in resolved) {
    const { message, fix } = resolved.problem;
    complain(context, "error", field, {
      type: "ServiceError",
      reason: "ServiceUnresolvedReference",
      message,
      ...(fix === undefined ? {} : { fix }),
    });
    return undefined;
  }
  const object = read.get("Service", ref.namespace, service.name)!.object;
  const protocol = upstreamProtocol(service.protocol, object, service.port, findPort(object, service.port, "tcp"));
  const verify = verification(service, protocol.tls, field, context);
  if (verify === "refused") return undefined;
  const whole: UpstreamVariation = {
    ...variation,
    ...(service.protocol === undefined ? {} : { protocol: service.protocol }),
    ...(service.healthPort === undefined ? {} : { healthPort: service.healthPort }),
    ...slowStart(service, variation.loadBalancing, field, context),
    ...(protocol.tls && host !== undefined ? { sni: host.replace(/:\d+$/, "") } : {}),
    ...(verify === undefined ? {} : { verify }),
  };
  const { cluster, unit } = upstreamCluster(resolved.upstream, whole);
  needs.push(unit);
  return cluster;
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
  const cluster = serviceCluster(only.service, `services[${only.index}]`, wishes, context);
  if (cluster === undefined) return [];
  const { weight = 0 } = only.service;
  // Contour: a weight of 0 cannot be told from none, which is every request.
  return [{ cluster, percent: weight === 0 ? 100 : Math.min(100, weight) }];
}
