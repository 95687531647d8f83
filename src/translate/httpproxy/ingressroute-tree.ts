import type { HttpProxy } from "#resources/httpproxy.ts";
import { asHttpProxy, asProxyRoute, convertAnnotations, isBelow } from "#resources/ingressroute-as-httpproxy.ts";
import { type ConversionNote, convertTcpProxy, convertVirtualHost } from "#resources/ingressroute-conversion.ts";
import type { IngressRoute, IngressRouteRoute } from "#resources/ingressroute.ts";
import { formatRef, type ObjectRef, refKey } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import type { ClassedIngress } from "../ingress-class.ts";
import type { ProxyProblems } from "./proxy-problems.ts";
import { type PlacedRoute, placedRoute } from "./placed-routes.ts";
import { type MissingInclude, MOST_INCLUDES, type ProxyTree } from "./proxy-tree.ts";

/** An IngressRoute as what follows reads HTTPProxies; it keeps its own reference. */
export function proxyOf(stored: StoredObject<IngressRoute>): StoredObject<HttpProxy> {
  return { ...stored, object: asHttpProxy(stored.object) };
}

/** What of a proxy or an IngressRoute says which class it has. */
export function classed(object: HttpProxy | IngressRoute): ClassedIngress {
  if (object.kind === "HTTPProxy") return object;
  return { metadata: { annotations: convertAnnotations(object.metadata.annotations) }, spec: {} };
}

/**
 * The routes of a root IngressRoute and of those that it delegates to. Other than those of HTTPProxies their prefixes are whole
 * ones, and have to lie within what was delegated.
 *
 * @param find the IngressRoute of this name, if it is one of ours
 */
export function ingressRouteTree(
  root: StoredObject<IngressRoute>,
  find: (namespace: string, name: string) => StoredObject<IngressRoute> | undefined,
  problems: ProxyProblems,
): ProxyTree {
  const walk = new Walk(find, problems);
  const { virtualhost, tcpproxy } = root.object.spec;
  if (virtualhost !== undefined) walk.warn(root.ref, convertVirtualHost(virtualhost).notes);
  if (tcpproxy !== undefined) walk.warn(root.ref, convertTcpProxy(tcpproxy).notes);
  walk.visit(root, "", [root]);
  return { routes: walk.routes, missing: walk.missing, included: [...walk.included.values()] };
}

class Walk {
  #passed = 0;
  readonly routes: PlacedRoute[] = [];
  readonly missing: MissingInclude[] = [];
  readonly included = new Map<string, ObjectRef>();
  readonly #find: Parameters<typeof ingressRouteTree>[1];
  readonly #problems: ProxyProblems;

  constructor(find: Parameters<typeof ingressRouteTree>[1], problems: ProxyProblems) {
    this.#find = find;
    this.#problems = problems;
  }

  /** @param chain the IngressRoutes from the root to this one */
  visit(stored: StoredObject<IngressRoute>, delegated: string, chain: readonly StoredObject<IngressRoute>[]): void {
    const { ref, object } = stored;
    const proxy = proxyOf(stored);
    const ordered = object.spec.routes.map((route, index) => ({ route, path: `spec.routes[${index}]` }));
    // Its own routes before those of others, as with HTTPProxies: of two with the same prefix the first counts.
    const own = ordered.filter(({ route }) => route.delegate === undefined);
    const delegating = ordered.filter(({ route }) => route.delegate !== undefined);
    for (const { route, path } of [...own, ...delegating]) {
      if (!isBelow(route.match, delegated)) {
        const message = `the path prefix ${route.match} does not match the parent's path prefix ${delegated}, so this route has no effect`;
        const reason = "PathMatchConditionsNotValid";
        const fix = `begin it with ${delegated}, or have ${route.match} delegated`;
        this.#problems.error(ref, { type: "RouteError", reason, path: `${path}.match`, message, fix });
      } else if (route.delegate !== undefined) {
        const blocks = [[{ prefix: route.match }]];
        const child = this.#child(ref, route.delegate, path, chain);
        if (child === undefined) {
          this.missing.push({ proxy, path: `${path}.delegate`, blocks });
          continue;
        }
        this.included.set(refKey(child.ref), child.ref);
        this.visit(child, route.match, [...chain, child]);
      } else if (route.services.length > 0) {
        const { value, notes } = asProxyRoute(route, path);
        this.warn(ref, notes);
        this.routes.push(placedRoute({ proxy, route: value, path, above: [] }));
      }
    }
  }

  warn(ref: ObjectRef, notes: readonly ConversionNote[]): void {
    for (const { path, message } of notes)
      this.#problems.warn(ref, { type: "SpecError", reason: "IgnoredField", path, message });
  }

  /** Undefined: it cannot be delegated to. */
  #child(
    { namespace: own }: ObjectRef,
    { name, namespace = own }: NonNullable<IngressRouteRoute["delegate"]>,
    path: string,
    chain: readonly StoredObject<IngressRoute>[],
  ): StoredObject<IngressRoute> | undefined {
    const from = chain.at(-1)!.ref;
    const wrong = (reason: string, message: string, fix: string): undefined => {
      const problem = { type: "IncludeError", reason, path: `${path}.delegate`, fix } as const;
      this.#problems.error(from, { ...problem, message: `${message}, so what was delegated is answered with 502` });
      return undefined;
    };
    const child = this.#find(namespace, name);
    if (child === undefined) {
      const fix = `create IngressRoute ${name} in namespace ${namespace}, or correct the name`;
      return wrong("IncludeNotFound", `IngressRoute ${namespace}/${name} does not exist`, fix);
    }
    if (child.object.spec.virtualhost !== undefined) {
      const message = `${formatRef(child.ref)} has a virtualhost, and a root cannot be delegated to`;
      return wrong("RootIncludesRoot", message, "remove its virtualhost, or delegate to another IngressRoute");
    }
    if (chain.some(({ ref }) => refKey(ref) === refKey(child.ref))) {
      const circle = [...chain.map(({ ref }) => ref), child.ref].map((ref) => `${ref.namespace}/${ref.name}`);
      const message = `the route creates a delegation cycle: ${circle.join(" -> ")}`;
      return wrong("IncludeCreatesCycle", message, "remove one of these delegations");
    }
    this.#passed += 1;
    if (this.#passed <= MOST_INCLUDES) return child;
    const message = `the host's tree has more than ${MOST_INCLUDES} delegations`;
    return wrong("TooManyIncludes", message, "delegate in fewer places");
  }
}
