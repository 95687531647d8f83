import type { HttpProxy, ProxyService, ProxyTcp, ProxyVirtualHost } from "#resources/httpproxy.ts";
import { readPreference } from "#resources/preference.ts";
import { formatRef, type ObjectRef, refKey } from "#resources/ref.ts";
import { readRouteAnnotations } from "#resources/route-annotations.ts";
import type { StoredObject } from "#store/object-state.ts";
import type { IrHealthCheck } from "../ir.ts";
import type { IrTcpCluster } from "../ir-listener.ts";
import type { UpstreamVariation } from "../upstream-variation.ts";
import { positive } from "./health-check.ts";
import { loadBalancing } from "./load-balancing.ts";
import { complain, type RouteContext } from "./route-context.ts";
import { routeServices } from "./route-services.ts";

type Context = Omit<RouteContext, "ref" | "path" | "preference" | "annotations">;
type Stored = StoredObject<HttpProxy>;

/** Where a host's connections go. */
export interface ProxyTcpAnswers {
  /** Empty: connections are closed. */
  readonly clusters: readonly IrTcpCluster[];
  /** TLS is the upstream's. */
  readonly passthrough: boolean;
  /** The parts on the way to the services. */
  readonly included: readonly ObjectRef[];
}

/**
 * The `tcpproxy` of a root: its services, or those of the part that it includes. Undefined: it has none, or has no TLS by whose
 * server name its connections could be told from others.
 *
 * @param find the proxy of this name, if it is one of ours
 */
export function tcpProxy(
  root: Stored,
  virtualhost: ProxyVirtualHost,
  find: (namespace: string, name: string) => Stored | undefined,
  context: Context,
): ProxyTcpAnswers | undefined {
  const { tls } = virtualhost;
  const passthrough = tls?.passthrough === true;
  const hasSecret = (tls?.secretName ?? "") !== "";
  const wrong = (
    type: "TLSError" | "TCPProxyError",
    reason: string,
    path: string,
    message: string,
    fix: string,
  ): void => context.problems.error(root.ref, { type, reason, path, message, fix });
  if (root.object.spec.tcpproxy === undefined) {
    if (!passthrough || tls === undefined) return undefined;
    const message = "connections can be passed through to a tcpproxy alone, so there is no TLS for this host";
    wrong("TLSError", "TLSConfigNotValid", "spec.virtualhost.tls.passthrough", message, "add a tcpproxy");
    return undefined;
  }
  if (!passthrough && !hasSecret) {
    const message = "connections are told apart by TLS's server name, and there is no TLS, so it has no effect";
    wrong(
      "TCPProxyError",
      "TLSMustBeConfigured",
      "spec.tcpproxy",
      message,
      "name a Secret in virtualhost.tls, or set passthrough",
    );
    return undefined;
  }
  const closed: ProxyTcpAnswers = { clusters: [], passthrough: passthrough && !hasSecret, included: [] };
  if (passthrough && hasSecret) {
    const message = "both secretName and passthrough are given, so connections are closed";
    wrong("TLSError", "TLSConfigNotValid", "spec.virtualhost.tls", message, "remove one of them");
    return closed;
  }
  if (passthrough && tls?.clientValidation !== undefined) {
    const message =
      "client certificates cannot be asked for in connections that are passed through, so these are closed";
    wrong(
      "TLSError",
      "TLSIncompatibleFeatures",
      "spec.virtualhost.tls",
      message,
      "remove passthrough or clientValidation",
    );
    return closed;
  }
  if (isGuarded(virtualhost)) {
    const message = "the host has policies for requests, which are not looked at in connections, so these are closed";
    const fix = "remove the policies, or route requests instead";
    wrong("TCPProxyError", "TLSIncompatibleFeatures", "spec.tcpproxy", message, fix);
    return closed;
  }
  return { ...follow(root, find, context, [root]), passthrough };
}

/** What protects a host and is a matter of requests. */
function isGuarded({
  authorization,
  jwtProviders,
  ipAllowPolicy,
  ipDenyPolicy,
  rateLimitPolicy,
}: ProxyVirtualHost): boolean {
  const rules = jwtProviders.length + ipAllowPolicy.length + ipDenyPolicy.length;
  return rules > 0 || authorization !== undefined || rateLimitPolicy !== undefined;
}

function follow(
  proxy: Stored,
  find: Parameters<typeof tcpProxy>[2],
  context: Context,
  chain: readonly Stored[],
): Omit<ProxyTcpAnswers, "passthrough"> {
  const preference = readPreference(proxy.object.metadata.annotations).value;
  const { value: annotations } = readRouteAnnotations(proxy.object.metadata.annotations);
  const own = { ...context, ref: proxy.ref, preference, annotations, path: "spec.tcpproxy" };
  const included = chain.slice(1).map(({ ref }) => ref);
  const wrong = (
    type: "TCPProxyError" | "TCPProxyIncludeError",
    reason: string,
    problem: string,
  ): ReturnType<typeof follow> => {
    complain(own, "error", "", { type, reason, message: `${problem}, so connections are closed` });
    return { clusters: [], included };
  };
  const { tcpproxy } = proxy.object.spec;
  const include = tcpproxy?.include ?? tcpproxy?.includes;
  if (tcpproxy === undefined || (tcpproxy.services.length === 0 && include === undefined))
    return wrong("TCPProxyError", "NothingDefined", "neither services nor an include are given");
  if (include === undefined) return { clusters: clustersOf(tcpproxy, own), included };
  if (tcpproxy.services.length > 0)
    return wrong("TCPProxyError", "NoServicesAndInclude", "both services and an include are given");
  const { name, namespace = proxy.ref.namespace } = include;
  const child = find(namespace, name);
  if (child === undefined)
    return wrong("TCPProxyIncludeError", "IncludeNotFound", `${proxy.ref.kind} ${namespace}/${name} does not exist`);
  if (child.object.spec.virtualhost !== undefined)
    return wrong("TCPProxyIncludeError", "RootIncludesRoot", `${formatRef(child.ref)} has a virtualhost of its own`);
  if (chain.some(({ ref }) => refKey(ref) === refKey(child.ref)))
    return wrong("TCPProxyIncludeError", "IncludeCreatesCycle", `includes come back to ${formatRef(child.ref)}`);
  return follow(child, find, context, [...chain, child]);
}

function clustersOf(tcp: ProxyTcp, context: RouteContext): readonly IrTcpCluster[] {
  const balancing = loadBalancing(tcp.loadBalancerPolicy);
  const policy = balancing.policy === "ringHash" ? undefined : balancing.policy;
  if (balancing.policy === "ringHash" || balancing.ignored.length > 0) {
    const message = "connections have nothing to hash, so it is RoundRobin";
    complain(context, "warning", "loadBalancerPolicy", { type: "TCPProxyError", reason: "IgnoredField", message });
  }
  const variation: UpstreamVariation = {
    ...(policy === undefined ? {} : { loadBalancing: policy }),
    ...(tcp.healthCheckPolicy === undefined ? {} : { healthCheck: connectionCheck(tcp.healthCheckPolicy) }),
  };
  for (const [index, service] of tcp.services.entries()) warnOfRequestFields(service, `services[${index}]`, context);
  const { clusters = [] } = routeServices(tcp, { variation, host: undefined, cookies: [] }, context);
  // Envoy refuses a whole listener for one without weight, other than in routes (TcpProxy.WeightedCluster).
  return clusters.flatMap(({ name, weight }) => (weight > 0 ? [{ name, weight }] : []));
}

/** What a service says of requests is not looked at in connections: who wrote it should know. */
function warnOfRequestFields(service: ProxyService, field: string, context: RouteContext): void {
  const ignored = (message: string): void =>
    complain(context, "warning", field, { type: "TCPProxyError", reason: "IgnoredField", message });
  if (service.mirror === true) ignored("connections cannot be mirrored, so it gets none");
  const { requestHeadersPolicy, responseHeadersPolicy, cookieRewritePolicies } = service;
  const given = Object.entries({ requestHeadersPolicy, responseHeadersPolicy, cookieRewritePolicies })
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name]) => name);
  if (given.length > 0) ignored(`${given.join(", ")}: said of requests, and connections have none`);
}

function connectionCheck(policy: NonNullable<ProxyTcp["healthCheckPolicy"]>): IrHealthCheck {
  return {
    path: undefined,
    interval: positive(policy.intervalSeconds, 5) * 1000,
    timeout: positive(policy.timeoutSeconds, 2) * 1000,
    healthyThreshold: positive(policy.healthyThresholdCount, 2),
    unhealthyThreshold: positive(policy.unhealthyThresholdCount, 3),
  };
}
