import type { ObjectRef } from "#resources/ref.ts";
import { compareRefs } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import { mergedMatch } from "./httpproxy/conditions.ts";
import { ingressRouteTree } from "./httpproxy/ingressroute-tree.ts";
import { ProxyProblems } from "./httpproxy/proxy-problems.ts";
import { type ProxyTree, proxyTree } from "./httpproxy/proxy-tree.ts";
import { INGRESSROUTE_BY_FQDN, PROXY_BY_FQDN } from "./indexes.ts";
import { ingressRule } from "./ingress-routes.ts";
import { routeName } from "./route-name.ts";
import type { Reader } from "./unit.ts";

type Objects = Pick<Reader, "get" | "list">;

/**
 * Which part of its owner a host's route was made from: `spec.routes[2]`, `spec.rules[0].http.paths[1]`. Found again from the
 * objects as they stand, because only who asks for an explanation wants it. Undefined: no part that can be named.
 *
 * @param route by its name
 */
export function routeRule(host: string, owner: ObjectRef, route: string, objects: Objects): string | undefined {
  if (owner.kind === "Ingress") {
    const stored = objects.get("Ingress", owner.namespace, owner.name);
    return stored && ingressRule(host, stored, route);
  }
  for (const tree of treesOf(host, owner, objects)) {
    for (const { proxy, path, above, route: rule } of tree.routes)
      if (isOf(proxy, owner) && routeName(mergedMatch([...above, rule.conditions])) === route) return path;
    for (const { proxy, path, blocks } of tree.missing)
      if (isOf(proxy, owner) && routeName(mergedMatch(blocks)) === route) return path;
  }
  return undefined;
}

/** What the objects that claim the host lead to; of those that lost it no route is asked for. */
function treesOf(host: string, { kind }: ObjectRef, objects: Objects): readonly ProxyTree[] {
  const problems = new ProxyProblems();
  const index = kind === "IngressRoute" ? INGRESSROUTE_BY_FQDN : PROXY_BY_FQDN;
  return objects.list(index, host).flatMap(({ ref: { namespace, name } }): readonly ProxyTree[] => {
    if (kind === "IngressRoute") {
      const root = objects.get("IngressRoute", namespace, name);
      if (root === undefined) return [];
      return [ingressRouteTree(root, (...named) => objects.get("IngressRoute", ...named), problems)];
    }
    const root = objects.get("HTTPProxy", namespace, name);
    if (root === undefined) return [];
    return [proxyTree(root, (...named) => objects.get("HTTPProxy", ...named), problems)];
  });
}

function isOf({ ref }: StoredObject, owner: ObjectRef): boolean {
  return compareRefs(ref, owner) === 0;
}
