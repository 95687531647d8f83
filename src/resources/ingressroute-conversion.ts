import type { z } from "zod";
import { canonicalJson } from "#lib/canonical.ts";
import { parseDuration } from "#lib/duration.ts";
import type { httpProxySchema } from "./httpproxy.ts";
import type { IngressRoute, IngressRouteRoute, IngressRouteService } from "./ingressroute.ts";

export type HttpProxySpecInput = z.input<typeof httpProxySchema>["spec"];
export type ProxyRouteInput = NonNullable<HttpProxySpecInput["routes"]>[number];
type ProxyServiceInput = NonNullable<ProxyRouteInput["services"]>[number];
type ProxyTcpInput = NonNullable<HttpProxySpecInput["tcpproxy"]>;
type ProxyVirtualHostInput = NonNullable<HttpProxySpecInput["virtualhost"]>;
type Tcp = NonNullable<IngressRoute["spec"]["tcpproxy"]>;
type VirtualHost = NonNullable<IngressRoute["spec"]["virtualhost"]>;

/** What an HTTPProxy does not say the same way, and what it says instead. */
export interface ConversionNote {
  /** Field of the IngressRoute. */
  readonly path: string;
  readonly message: string;
}

export interface Converted<T> {
  readonly value: T;
  readonly notes: readonly ConversionNote[];
}

/** A route with services as a route of an HTTPProxy, with its whole prefix. `path` is its own: `spec.routes[3]`. */
export function convertRoute(route: IngressRouteRoute, path: string): Converted<ProxyRouteInput> {
  const { match, services, enableWebsockets, permitInsecure, prefixRewrite, timeoutPolicy, retryPolicy } = route;
  const balancing = commonStrategy(services, path);
  const check = commonHealthCheck(services, path);
  const { request } = timeoutPolicy ?? {};
  const value: ProxyRouteInput = {
    conditions: [{ prefix: match }],
    services: services.map(convertService),
    ...(balancing.value === undefined ? {} : { loadBalancerPolicy: { strategy: balancing.value } }),
    ...(check.value === undefined ? {} : { healthCheckPolicy: check.value }),
    ...(enableWebsockets === undefined ? {} : { enableWebsockets }),
    ...(permitInsecure === undefined ? {} : { permitInsecure }),
    ...(prefixRewrite === undefined ? {} : { pathRewritePolicy: { replacePrefix: [{ replacement: prefixRewrite }] } }),
    ...(request === undefined ? {} : { timeoutPolicy: { response: timeLimit(request) } }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
  };
  return { value, notes: [...balancing.notes, ...check.notes] };
}

export function convertVirtualHost({ fqdn, tls }: VirtualHost): Converted<ProxyVirtualHostInput> {
  if (tls === undefined) return { value: { fqdn }, notes: [] };
  const { secretName, minimumProtocolVersion: least, passthrough } = tls;
  const path = "spec.virtualhost.tls";
  const notes: ConversionNote[] = [];
  const isKnown = least === undefined || least === "" || VERSIONS.includes(least);
  if (!isKnown) {
    const message = `TLS ${least} is not spoken any more: 1.2 is the least that the host is served with`;
    notes.push({ path: `${path}.minimumProtocolVersion`, message });
  }
  const both = secretName !== undefined && passthrough === true;
  if (both) {
    const message = "with a secretName it had no effect, and an HTTPProxy may not have both, so it is left out";
    notes.push({ path: `${path}.passthrough`, message });
  }
  return {
    value: {
      fqdn,
      tls: {
        ...(secretName === undefined ? {} : { secretName }),
        ...(passthrough === undefined || both ? {} : { passthrough }),
        ...(least === undefined || !isKnown ? {} : { minimumProtocolVersion: least }),
      },
    },
    notes,
  };
}

export function convertTcpProxy({ services, delegate }: Tcp): Converted<ProxyTcpInput> {
  const path = "spec.tcpproxy";
  if (delegate !== undefined) return { value: { include: delegate }, notes: [] };
  const balancing = commonStrategy(services, path);
  const check = commonHealthCheck(services, path);
  const notes = [...balancing.notes, ...check.notes];
  let healthCheckPolicy: ProxyTcpInput["healthCheckPolicy"];
  if (check.value !== undefined) {
    const { path: asked, host: _host, ...times } = check.value;
    healthCheckPolicy = times;
    const message = `connections alone are checked for a tcpproxy: ${asked} is not asked for`;
    notes.push({ path: `${path}.services[0].healthCheck`, message });
  }
  return {
    value: {
      services: services.map(convertService),
      ...(balancing.value === undefined ? {} : { loadBalancerPolicy: { strategy: balancing.value } }),
      ...(healthCheckPolicy === undefined ? {} : { healthCheckPolicy }),
    },
    notes,
  };
}

/** The field of an IngressRoute that became this field of a converted one. */
export function ingressRouteField(path: string): string {
  const found = FIELDS.find(([, pattern]) => pattern.test(path));
  return found === undefined ? path : path.replace(found[1], found[0]);
}

const FIELDS: readonly (readonly [field: string, became: RegExp])[] = [
  ["$1.match", /^(spec\.routes\[\d+\])\.conditions.*$/],
  ["$1.services[0].healthCheck", /^(spec\.(?:routes\[\d+\]|tcpproxy))\.healthCheckPolicy/],
  ["$1.services[0].strategy", /^(spec\.(?:routes\[\d+\]|tcpproxy))\.loadBalancerPolicy.*$/],
  ["$1.prefixRewrite", /^(spec\.routes\[\d+\])\.pathRewritePolicy.*$/],
  ["$1.timeoutPolicy.request", /^(spec\.routes\[\d+\])\.timeoutPolicy\.response$/],
  ["spec.tcpproxy.delegate", /^spec\.tcpproxy\.include$/],
];

const VERSIONS: readonly string[] = ["1.2", "1.3"];

function convertService({ name, port, weight, validation }: IngressRouteService): ProxyServiceInput {
  return {
    name,
    port,
    ...(weight === undefined ? {} : { weight }),
    ...(validation === undefined ? {} : { validation }),
  };
}

/** An IngressRoute says for each service how its endpoints are chosen, an HTTPProxy for each route. */
function commonStrategy(services: readonly IngressRouteService[], path: string): Converted<string | undefined> {
  const words = services.map(({ strategy }) => (strategy === undefined || strategy === "" ? "RoundRobin" : strategy));
  const [first] = words;
  const other = words.findIndex((word) => word !== first);
  const value = services[0]?.strategy;
  if (other === -1) return { value, notes: [] };
  const message = `an HTTPProxy has one strategy for a route: ${first}, which services[0] has, is for all of them`;
  return { value, notes: [{ path: `${path}.services[${other}].strategy`, message }] };
}

/** The same with health checks: that of the first service that has one. */
function commonHealthCheck(
  services: readonly IngressRouteService[],
  path: string,
): Converted<IngressRouteService["healthCheck"]> {
  const first = services.findIndex(({ healthCheck }) => healthCheck !== undefined);
  const value = services[first]?.healthCheck;
  if (value === undefined) return { value, notes: [] };
  const other = services.findIndex(({ healthCheck }) => canonicalJson(healthCheck) !== canonicalJson(value));
  if (other === -1) return { value, notes: [] };
  const message = `an HTTPProxy has one health check for a route: that of services[${first}] is for all of them`;
  return { value, notes: [{ path: `${path}.services[${other}].healthCheck`, message }] };
}

/** 0 was no limit; for an HTTPProxy it is none given (Contour 1.0 ParseTimeout, 1.30 timeout.Parse). */
function timeLimit(text: string): string {
  return parseDuration(text) === 0 ? "infinity" : text;
}
