import { httpProxySchema, type HttpProxy, type ProxyRoute } from "./httpproxy.ts";
import { route as routeSchema } from "./httpproxy-route.ts";
import {
  type ConversionNote,
  type Converted,
  convertRoute,
  convertTcpProxy,
  convertVirtualHost,
  type HttpProxySpecInput,
} from "./ingressroute-conversion.ts";
import type { IngressRoute, IngressRouteRoute } from "./ingressroute.ts";

/** Contour's annotations of before, by the name of today. */
const ANNOTATION_PREFIX = /^contour\.heptio\.com\//;

/**
 * The spec of an HTTPProxy that says what an IngressRoute says.
 *
 * @param delegated the prefix that was delegated to it, which its routes repeat and those of an HTTPProxy do not; empty for a
 *   root. All routes are below it ({@link isBelow})
 */
export function convertSpec(
  { virtualhost, routes, tcpproxy }: IngressRoute["spec"],
  delegated: string,
): Converted<HttpProxySpecInput> {
  const notes: ConversionNote[] = [];
  const noted = <T>(converted: Converted<T>): T => {
    notes.push(...converted.notes);
    return converted.value;
  };
  const spec: HttpProxySpecInput = {};
  if (virtualhost !== undefined) spec.virtualhost = noted(convertVirtualHost(virtualhost));
  const includes: NonNullable<HttpProxySpecInput["includes"]> = [];
  const converted: NonNullable<HttpProxySpecInput["routes"]> = [];
  for (const [index, route] of routes.entries()) {
    const path = `spec.routes[${index}]`;
    const conditions = conditionsOf(noted(relative(route.match, delegated, path)));
    if (route.delegate !== undefined) includes.push({ ...route.delegate, ...conditions });
    else if (route.services.length > 0) {
      const { conditions: _whole, ...rest } = noted(convertRoute(route, path));
      converted.push({ ...conditions, ...rest });
    }
  }
  if (includes.length > 0) spec.includes = includes;
  if (converted.length > 0) spec.routes = converted;
  if (tcpproxy !== undefined) spec.tcpproxy = noted(convertTcpProxy(tcpproxy));
  return { value: spec, notes };
}

/** Whether a prefix lies within a delegated one, by whole path elements (Contour 1.0 matchesPathPrefix). */
export function isBelow(match: string, delegated: string): boolean {
  return delegated === "" || withSlash(match).startsWith(withSlash(delegated));
}

/** An IngressRoute as translation reads HTTPProxies: with its own metadata. Of a part, as if it were none. */
export function asHttpProxy({ metadata, spec }: IngressRoute): HttpProxy {
  const proxy: HttpProxy = httpProxySchema.parse({
    apiVersion: "projectcontour.io/v1",
    kind: "HTTPProxy",
    metadata: { name: metadata.name },
    spec: convertSpec(spec, "").value,
  });
  return { ...proxy, metadata: { ...metadata, annotations: convertAnnotations(metadata.annotations) } };
}

/** As {@link asHttpProxy}, of one route, with its whole prefix. */
export function asProxyRoute(route: IngressRouteRoute, path: string): Converted<ProxyRoute> {
  const { value, notes } = convertRoute(route, path);
  return { value: routeSchema.parse(value), notes };
}

export function convertAnnotations(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [key.replace(ANNOTATION_PREFIX, "projectcontour.io/"), value]),
  );
}

/** What a prefix adds to the delegated one. */
function relative(match: string, delegated: string, path: string): Converted<string> {
  const rest = match.slice(delegated.replace(/\/+$/, "").length);
  if (rest !== "" || !delegated.endsWith("/")) return { value: rest, notes: [] };
  const message = `${delegated} was delegated: ${match} alone, without the / at its end, is no longer taken`;
  return { value: rest, notes: [{ path: `${path}.match`, message }] };
}

function conditionsOf(prefix: string): { conditions?: { prefix: string }[] } {
  return prefix === "" ? {} : { conditions: [{ prefix }] };
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
