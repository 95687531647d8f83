import { readIngressAnnotations } from "#resources/annotations.ts";
import type { Ingress } from "#resources/ingress.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { hostAcme } from "./host-acme.ts";
import { type HostClaims, hostClaims } from "./host-claims.ts";
import { type HostRoute, hostRoutes } from "./host-routes.ts";
import { type ProxyHost, proxyHost } from "./httpproxy/proxy-host.ts";
import type { ProxyTls } from "./httpproxy/proxy-tls.ts";
import { speaksHttp3 } from "./http3.ts";
import { isOurs } from "./ingress-class.ts";
import { ingressRoutes } from "./ingress-routes.ts";
import type { TlsPolicy } from "./ir-listener.ts";
import type { IrPolicies } from "./ir-policies.ts";
import type { IrRoute } from "./ir-route.ts";
import type { TranslateSettings } from "./settings.ts";
import { type HostTls, hostTls, tableOf } from "./tls.ts";
import { chainFact, tcpTable } from "./tls-chains.ts";
import { tlsPolicyOf } from "./tls-policy.ts";
import type { Fact, Need, Reader, UnitItem } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** What one host answers, from the objects of the namespace that it belongs to. */
export interface HostAnswers {
  /** Those objects: the proxies first, then the Ingresses, the oldest first. Empty: nobody claims the host. */
  readonly from: readonly ObjectRef[];
  /** Over plain HTTP: routes, or redirects to HTTPS. Undefined: no listener speaks it. */
  readonly plain: readonly IrRoute[] | undefined;
  /** Over TLS. Undefined: not asked for, or there is no certificate to do it with. */
  readonly secure: SecureAnswers | undefined;
  readonly policies: IrPolicies | undefined;
  /** What the host needs beside its routes, and no other host does. */
  readonly items: readonly UnitItem[];
  readonly needs: readonly Need[];
  readonly facts: readonly Fact[];
  readonly verdicts: readonly Verdict[];
}

export interface SecureAnswers {
  /** Undefined: TLS is the upstream's. */
  readonly pair: HostTls["pair"];
  /** The route table of the chain whose TLS policy is the host's. */
  readonly table: string;
  /** Undefined: connections are not read as requests. */
  readonly routes: readonly IrRoute[] | undefined;
  /** Which clients are good, where they are asked. */
  readonly clients: ProxyTls["clients"];
  /** Its connections ask clients for certificates or tokens. */
  readonly guarded: boolean;
  /** It is also served to clients that name no host here. */
  readonly fallback: boolean;
  /** It is served over HTTP/3, too. */
  readonly http3: boolean;
}

export function hostAnswers(host: string, settings: TranslateSettings, read: Reader): HostAnswers {
  const claims = hostClaims(host, settings, read);
  if (claims.owner === undefined) return { ...NOTHING, verdicts: claims.verdicts };
  const { owner, ingresses, proxy } = claims;
  const proxied = proxy === undefined ? undefined : proxyHost(proxy.root, proxy.virtualhost, settings, read);
  const annotations = new Map(
    ingresses.map(({ object }) => [object, readIngressAnnotations(object.metadata.annotations).value]),
  );
  const ingress = ingressRoutes(host, ingresses, annotations, settings, read);
  const asked = tlsOf(host, owner.namespace, claims, proxied, annotations, settings, read);
  const tls = speaks(settings, "https") ? asked : undefined;
  const acme = hostAcme(host, claims, annotations, settings, read);
  const built = hostRoutes({
    host,
    ingress,
    ingresses,
    annotations,
    proxy: proxy === undefined || proxied === undefined ? undefined : { root: proxy.root, host: proxied },
    // What is passed through is no TLS of ours: requests over plain HTTP are not led there.
    hasTls: tls !== undefined && proxied?.tcp?.passthrough !== true,
    httpsRedirect: settings.httpsRedirect,
  });
  return {
    from: [...(proxied?.from ?? []), ...ingresses.map(({ ref }) => ref)],
    // Joined by concat: an array that is spread or grown keeps room for 17, and most hosts have one route.
    plain: speaks(settings, "http")
      ? acme.routes.concat(plainRoutes(built.routes, settings, proxied?.policies))
      : undefined,
    secure: secureAnswers(host, tls, proxied, built.routes, settings),
    policies: proxied?.policies,
    items: proxied?.items ?? [],
    needs: [...ingress.needs, ...(proxied?.needs ?? [])],
    facts: [...(proxied?.facts ?? []), ...chainFacts(host, tls, proxied, settings), ...acme.facts],
    verdicts: [
      ...claims.verdicts,
      ...ingress.verdicts,
      ...(proxied?.verdicts ?? []),
      ...built.verdicts,
      ...acme.verdicts,
      ...(tls?.verdicts ?? asked?.asking.map(noHttpsListener) ?? []),
    ],
  };
}

const NOTHING: HostAnswers = {
  from: [],
  plain: undefined,
  secure: undefined,
  policies: undefined,
  items: [],
  needs: [],
  facts: [],
  verdicts: [],
};

interface AskedTls extends HostTls {
  readonly policy: TlsPolicy;
}

function secureAnswers(
  host: string,
  tls: AskedTls | undefined,
  proxied: ProxyHost | undefined,
  routes: readonly HostRoute[],
  settings: TranslateSettings,
): SecureAnswers | undefined {
  if (tls === undefined || (tls.pair === undefined && proxied?.tcp?.passthrough !== true)) return undefined;
  const clients = proxied?.tls?.clients;
  const guarded = clients !== undefined || proxied?.jwt !== undefined;
  const common = { pair: tls.pair, clients, guarded, fallback: proxied?.tls?.fallback === true };
  if (proxied?.tcp !== undefined) return { ...common, table: tcpTable(host), routes: undefined, http3: false };
  const table = tableOf(host, tls.policy, settings.tls, proxied?.jwt !== undefined);
  const http3 = speaksHttp3(host, tls.policy, settings);
  return { ...common, table, routes: routes.map(({ route }) => route), http3 };
}

/** What the listener has to know of a chain that its table's name does not tell. */
function chainFacts(
  host: string,
  tls: AskedTls | undefined,
  proxied: ProxyHost | undefined,
  settings: TranslateSettings,
): readonly Fact[] {
  const tcp = proxied?.tcp;
  if (tls === undefined) return [];
  if (tcp?.passthrough === true) return [chainFact(tcpTable(host), { policy: "passthrough", tcp: tcp.clusters })];
  if (tls.pair === undefined) return [];
  if (tcp !== undefined) return [chainFact(tcpTable(host), { policy: tls.policy, tcp: tcp.clusters })];
  const jwt = proxied?.jwt;
  if (tls.policy.client === undefined && jwt === undefined) return [];
  const table = tableOf(host, tls.policy, settings.tls, jwt !== undefined);
  return [chainFact(table, { policy: tls.policy, ...(jwt === undefined ? {} : { jwt }) })];
}

/** What a proxy says about TLS counts before what Ingresses say. */
function tlsOf(
  host: string,
  namespace: string,
  { ingresses, proxy }: HostClaims,
  proxied: ProxyHost | undefined,
  annotations: Parameters<typeof tlsPolicyOf>[2],
  settings: TranslateSettings,
  read: Reader,
): AskedTls | undefined {
  if (proxy !== undefined && proxied?.tls !== undefined)
    return { ...proxied.tls, asking: [proxy.root.ref], verdicts: [] };
  const ours = (ingress: Ingress): boolean => isOurs(ingress, settings, read);
  const asked = hostTls(host, namespace, ours, read);
  if (asked?.pair === undefined) return asked && { ...asked, policy: settings.tls };
  const { policy, verdicts } = tlsPolicyOf(host, ingresses, annotations, settings.tls);
  return { ...asked, policy, verdicts: [...asked.verdicts, ...verdicts] };
}

/** The routes over plain HTTP, or redirects to HTTPS; those that refuse plain HTTP are left out. */
function plainRoutes(
  routes: readonly HostRoute[],
  settings: TranslateSettings,
  policies: IrPolicies | undefined,
): readonly IrRoute[] {
  const unasked = unaskedFor(policies);
  const port = settings.listeners.find(({ protocol }) => protocol === "https")?.port;
  return routes.flatMap(({ route, overHttp }): readonly IrRoute[] => {
    if (overHttp === "refused") return [];
    // Tokens are asked for over TLS alone, so what needs one is nowhere else.
    const over = overHttp === "served" && asksToken(route, policies) ? 301 : overHttp;
    if (over === "served") return [route];
    const { name, owner, match, logShare } = route;
    const target = port === 443 ? undefined : port;
    const action = { type: "redirect", scheme: "https", port: target, status: over } as const;
    const frame = { name, owner, match, ...(logShare === undefined ? {} : { logShare }) };
    return [{ ...frame, action, ...(unasked === undefined ? {} : { policies: unasked }) }];
  });
}

function asksToken(route: IrRoute, policies: IrPolicies | undefined): boolean {
  return typeof (route.policies?.jwt ?? policies?.jwt) === "object";
}

/** A redirect to HTTPS gives nothing away: who may pass, and how often, is asked of the request that follows, once. */
function unaskedFor(policies: IrPolicies = {}): IrPolicies | undefined {
  const { authorization, localRateLimit, rateLimit } = policies;
  const off = "off" as const;
  const unasked: IrPolicies = {
    ...(authorization === undefined ? {} : { authorization: off }),
    ...(localRateLimit === undefined ? {} : { localRateLimit: off }),
    ...(rateLimit === undefined ? {} : { rateLimit: off }),
  };
  return Object.keys(unasked).length === 0 ? undefined : unasked;
}

function speaks({ listeners }: TranslateSettings, protocol: "http" | "https"): boolean {
  return listeners.some((listener) => listener.protocol === protocol);
}

function noHttpsListener(ref: ObjectRef): Verdict {
  return {
    ref,
    severity: "warning",
    reason: "NoHTTPSListener",
    path: ref.kind === "Ingress" ? "spec.tls" : "spec.virtualhost.tls",
    message: "no listener speaks HTTPS, so its hosts are served over plain HTTP alone",
    fix: "add a listener with protocol https to binnacle.yaml, or remove tls where a proxy in front speaks it",
  };
}
