import { canonicalJson } from "#lib/canonical.ts";
import type { HttpProxy, ProxyRoute } from "#resources/httpproxy.ts";
import type { StoredObject } from "#store/object-state.ts";
import { type ConditionBlock, type ConditionsProblem, routeConditionsProblem } from "./conditions.ts";

/** A route with the conditions of the includes that lead to it. */
export interface PlacedRoute {
  readonly proxy: StoredObject<HttpProxy>;
  readonly route: ProxyRoute;
  /** `spec.routes[3]`. */
  readonly path: string;
  readonly above: readonly ConditionBlock[];
  /** Its conditions make no sense: there is no telling which requests it is for. */
  readonly problem?: ConditionsProblem;
  /** Requests of this one, which guards otherwise and whose conditions make no sense, might come to it. */
  readonly mistakenFor?: PlacedRoute;
}

/**
 * A proxy's routes, in the order in which they stand.
 *
 * Where the conditions of one make no sense, its requests may find another of the same proxy, wider and guarded less, and pass
 * where they must not. (Contour drops all routes of such a proxy; those that guard as it does need not go.)
 *
 * @param above the conditions of the includes that lead to the proxy
 */
export function placedRoutes(proxy: StoredObject<HttpProxy>, above: readonly ConditionBlock[]): readonly PlacedRoute[] {
  const { routes } = proxy.object.spec;
  const placed = routes.map((route, index) => placedRoute({ proxy, route, path: `spec.routes[${index}]`, above }));
  const lost = placed.filter(({ problem }) => problem !== undefined);
  if (lost.length === 0) return placed;
  return placed.map((each) => {
    const mistakenFor = lost.find((other) => guard(other.route) !== guard(each.route));
    return each.problem !== undefined || mistakenFor === undefined ? each : { ...each, mistakenFor };
  });
}

/** A route alone, whatever stands beside it. */
export function placedRoute(place: Pick<PlacedRoute, "proxy" | "route" | "path" | "above">): PlacedRoute {
  const problem = routeConditionsProblem(place.above, place.route.conditions);
  return problem === undefined ? place : { ...place, problem };
}

/** What a route says of who may pass; routes with equal texts guard alike. */
function guard({ ipAllowPolicy, ipDenyPolicy, jwtVerificationPolicy, authPolicy, permitInsecure = false }: ProxyRoute) {
  return canonicalJson({ ipAllowPolicy, ipDenyPolicy, jwtVerificationPolicy, authPolicy, permitInsecure });
}
