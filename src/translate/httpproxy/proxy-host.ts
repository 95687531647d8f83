import type { HttpProxy, ProxyVirtualHost } from "#resources/httpproxy.ts";
import { readPreference } from "#resources/preference.ts";
import type { Kind, ObjectRef } from "#resources/ref.ts";
import { readRouteAnnotations } from "#resources/route-annotations.ts";
import type { StoredObject } from "#store/object-state.ts";
import { isOurs } from "../ingress-class.ts";
import type { IrJwtProvider } from "../ir-jwt.ts";
import type { IrPolicies } from "../ir-policies.ts";
import type { IrDirectResponse, IrRoute } from "../ir-route.ts";
import { routeName } from "../route-name.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Fact, Need, Reader, UnitItem } from "../unit.ts";
import type { Verdict } from "../verdict.ts";
import { mergedMatch } from "./conditions.ts";
import { type HostJwt, hostJwt } from "./jwt.ts";
import { classed, ingressRouteTree, proxyOf } from "./ingressroute-tree.ts";
import { reachedFact } from "./part.ts";
import type { PlacedRoute } from "./placed-routes.ts";
import { ProxyProblems } from "./proxy-problems.ts";
import { proxyRoute } from "./proxy-route.ts";
import { type ProxyTls, proxyTls } from "./proxy-tls.ts";
import { type ProxyTree, proxyTree } from "./proxy-tree.ts";
import { type ProxyTcpAnswers, tcpProxy } from "./tcp-proxy.ts";
import { virtualHostPolicies } from "./virtual-host-policies.ts";

/** What a tree of proxies says about its host. */
export interface ProxyHost {
  /** The root, then its parts. */
  readonly from: readonly ObjectRef[];
  /** Each match once, in no order. */
  readonly routes: readonly ProxyHostRoute[];
  /** Of every route of the host, also of those that are no proxy's. */
  readonly policies: IrPolicies | undefined;
  /** Undefined: TLS is not asked for. */
  readonly tls: ProxyTls | undefined;
  /** Where connections go that are not read as requests; undefined: there are none such. */
  readonly tcp: ProxyTcpAnswers | undefined;
  /** What protects the host is wrong: none of its routes may be served, whoever made it. */
  readonly closed: boolean;
  /** Whose tokens its routes ask for. Undefined: nobody's. */
  readonly jwt: readonly IrJwtProvider[] | undefined;
  readonly items: readonly UnitItem[];
  readonly needs: readonly Need[];
  readonly facts: readonly Fact[];
  readonly verdicts: readonly Verdict[];
}

export interface ProxyHostRoute {
  readonly route: IrRoute;
  /** It is served over plain HTTP although the host has TLS. */
  readonly permitInsecure: boolean;
}

/** What a route answers whose host or proxy cannot be served as it was asked for. */
export const CLOSED: IrDirectResponse = { type: "respond", status: 503, body: "no upstream: the host is not valid\n" };

const NOT_INCLUDED: IrDirectResponse = {
  type: "respond",
  status: 502,
  body: "no upstream: the included HTTPProxy is missing\n",
};

export function proxyHost(
  root: StoredObject<HttpProxy>,
  virtualhost: ProxyVirtualHost,
  settings: TranslateSettings,
  read: Reader,
): ProxyHost {
  const problems = new ProxyProblems();
  const needs: Need[] = [];
  const tree = treeOf(root, settings, read, problems);
  const { spec } = root.object;
  if (spec.routes.length === 0 && spec.includes.length === 0 && spec.tcpproxy === undefined) {
    const message = "neither routes nor includes nor a tcpproxy are given, so the host answers nothing";
    problems.error(root.ref, {
      type: "SpecError",
      reason: "NothingDefined",
      path: "spec",
      message,
      fix: "add a route",
    });
  }
  const own = virtualHostPolicies(root.ref, virtualhost, read, settings.proxies.rateLimit !== undefined, problems);
  needs.push(...own.needs);
  const { authorization } = own;
  const jwt = hostJwt(root.ref, virtualhost, settings, read, problems);
  const routes = new Routes(problems);
  for (const placed of tree.routes) {
    const { ref, object } = placed.proxy;
    const preference = readPreference(object.metadata.annotations).value;
    const { value: annotations } = readRouteAnnotations(object.metadata.annotations);
    const at = { ref, preference, annotations, path: placed.path };
    const route = proxyRoute(placed, { read, settings, problems, needs, authorization, jwt, ...at });
    if (route !== undefined) routes.add(route, placed, permitsInsecure(placed, route, jwt, settings, problems));
  }
  for (const route of missingRoutes(tree)) routes.fill(route);
  const tls = proxyTls(root.ref, virtualhost, spec.tcpproxy !== undefined, settings, read, problems);
  const tcp = tcpProxy(root, virtualhost, (...named) => findOurs(root.ref.kind, named, settings, read), {
    read,
    settings,
    problems,
    needs,
    authorization: undefined,
    jwt: undefined,
  });
  const included = [...tree.included, ...(tcp?.included ?? [])];
  const policies: IrPolicies = { ...own.policies, ...(jwt?.byDefault === undefined ? {} : { jwt: jwt.byDefault }) };
  return {
    from: [root.ref, ...included],
    routes: routes.all(),
    policies: Object.keys(policies).length === 0 ? undefined : policies,
    tls,
    tcp,
    closed:
      own.closed ||
      jwt?.closed === true ||
      tls?.closed === true ||
      isUnguarded(root.ref, virtualhost, settings, problems),
    jwt: jwt?.providers,
    items: jwt?.items ?? [],
    needs,
    facts: [...included.map((ref) => reachedFact(ref, virtualhost.fqdn)), ...(jwt?.facts ?? [])],
    verdicts: problems.verdicts,
  };
}

/** Clients can show certificates only where there is TLS. */
function isUnguarded(
  ref: ObjectRef,
  { tls }: ProxyVirtualHost,
  { listeners }: TranslateSettings,
  problems: ProxyProblems,
): boolean {
  if (tls?.clientValidation === undefined || listeners.some(({ protocol }) => protocol === "https")) return false;
  problems.error(ref, {
    type: "TLSError",
    reason: "ClientValidationInvalid",
    path: "spec.virtualhost.tls.clientValidation",
    message: "no listener speaks HTTPS, so no client can show a certificate and every route of the host answers 503",
    fix: "add a listener with protocol https to binnacle.yaml",
  });
  return true;
}

/** A proxy of another class is somebody else's: it is as if it did not exist. */
function findOurs(
  kind: Kind,
  named: readonly [namespace: string, name: string],
  settings: TranslateSettings,
  read: Reader,
): StoredObject<HttpProxy> | undefined {
  const route = kind === "IngressRoute" ? read.get(kind, ...named) : undefined;
  const found = kind === "IngressRoute" ? route && proxyOf(route) : read.get("HTTPProxy", ...named);
  return found !== undefined && isOurs(found.object, settings, read) ? found : undefined;
}

function treeOf(
  root: StoredObject<HttpProxy>,
  settings: TranslateSettings,
  read: Reader,
  problems: ProxyProblems,
): ProxyTree {
  const { kind, namespace, name } = root.ref;
  const route = kind === "IngressRoute" ? read.get(kind, namespace, name) : undefined;
  if (route !== undefined) {
    const find: Parameters<typeof ingressRouteTree>[1] = (...named) => {
      const found = read.get("IngressRoute", ...named);
      return found !== undefined && isOurs(classed(found.object), settings, read) ? found : undefined;
    };
    return ingressRouteTree(route, find, problems);
  }
  return proxyTree(root, (...named) => findOurs(kind, named, settings, read), problems);
}

function permitsInsecure(
  { proxy, route, path }: PlacedRoute,
  { policies }: IrRoute,
  jwt: HostJwt | undefined,
  settings: TranslateSettings,
  problems: ProxyProblems,
): boolean {
  if (route.permitInsecure !== true) return false;
  const asksToken = typeof (policies?.jwt ?? jwt?.byDefault) === "object";
  if (settings.proxies.permitInsecure && !asksToken) return true;
  const message = asksToken
    ? "tokens are asked for over TLS alone, so it has no effect"
    : "this appliance does not permit it (routing.permitInsecure), so it has no effect";
  problems.warn(proxy.ref, { type: "SpecError", reason: "IgnoredField", path: `${path}.permitInsecure`, message });
  return false;
}

function missingRoutes({ missing }: ProxyTree): readonly IrRoute[] {
  return missing.map(({ proxy, blocks }) => {
    const match = mergedMatch(blocks);
    return { name: routeName(match), owner: proxy.ref, match, action: NOT_INCLUDED };
  });
}

/** A host's routes by their match: of two with the same, the first counts. */
class Routes {
  readonly #byName = new Map<string, ProxyHostRoute & { readonly at: string }>();
  readonly #problems: ProxyProblems;

  constructor(problems: ProxyProblems) {
    this.#problems = problems;
  }

  add(route: IrRoute, { proxy, path }: PlacedRoute, permitInsecure: boolean): void {
    const first = this.#byName.get(route.name);
    if (first === undefined) {
      this.#byName.set(route.name, {
        route,
        permitInsecure,
        at: `${path} of ${proxy.ref.namespace}/${proxy.ref.name}`,
      });
      return;
    }
    const message = `its conditions are those of ${first.at}, so this route has no effect`;
    const fix = "remove one of the two";
    this.#problems.warn(proxy.ref, { type: "RouteError", reason: "DuplicateMatchConditions", path, message, fix });
  }

  /** Adds a route where no other stands. */
  fill(route: IrRoute): void {
    if (!this.#byName.has(route.name)) this.#byName.set(route.name, { route, permitInsecure: false, at: "" });
  }

  all(): readonly ProxyHostRoute[] {
    return [...this.#byName.values()].map(({ route, permitInsecure }) => ({ route, permitInsecure }));
  }
}
