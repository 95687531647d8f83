import type { Ingress } from "#resources/ingress.ts";
import type { IngressAnnotations } from "#resources/annotations.ts";
import { formatRef } from "#resources/ref.ts";
import type { StoredObject } from "#store/object-state.ts";
import { compareAge } from "./age.ts";
import { CLOSED, type ProxyHost } from "./httpproxy/proxy-host.ts";
import type { IngressRoutes } from "./ingress-routes.ts";
import type { IrRedirect, IrRoute } from "./ir-route.ts";
import { comparePrecedence } from "./precedence.ts";
import type { Verdict } from "./verdict.ts";

/** A route of a host, with what becomes of its requests over plain HTTP. */
export interface HostRoute {
  readonly route: IrRoute;
  /** A status: they are redirected to HTTPS with it. */
  readonly overHttp: "served" | "refused" | (IrRedirect["status"] & (301 | 308));
}

interface Candidate extends HostRoute {
  /** The object whose age counts. */
  readonly of: StoredObject;
}

export interface HostRoutesParts {
  readonly host: string;
  readonly ingress: IngressRoutes;
  readonly ingresses: readonly StoredObject<Ingress>[];
  readonly annotations: ReadonlyMap<Ingress, IngressAnnotations>;
  readonly proxy: { readonly root: StoredObject; readonly host: ProxyHost } | undefined;
  readonly hasTls: boolean;
  /** Whether an Ingress that says nothing redirects to HTTPS. */
  readonly httpsRedirect: boolean;
}

/** The routes of a host in order of precedence; where an Ingress and a proxy ask for the same, the older one's. */
export function hostRoutes(parts: HostRoutesParts): {
  readonly routes: readonly HostRoute[];
  readonly verdicts: readonly Verdict[];
} {
  const { proxy } = parts;
  const verdicts: Verdict[] = [];
  const winners = new Map<string, Candidate>();
  const candidates = [...ingressCandidates(parts), ...proxyCandidates(parts)];
  if (proxy !== undefined) candidates.sort((a, b) => compareAge(a.of, b.of));
  for (const candidate of candidates) {
    const winner = winners.get(candidate.route.name);
    if (winner === undefined) winners.set(candidate.route.name, candidate);
    else verdicts.push(pathTaken(candidate, winner, parts.host));
  }
  const routes = [...winners.values()].map(({ route, overHttp }): HostRoute => ({
    route: proxy?.host.closed === true ? { ...route, action: CLOSED } : route,
    overHttp,
  }));
  return { routes: routes.sort((a, b) => comparePrecedence(a.route, b.route)), verdicts };
}

function ingressCandidates({ ingress, ingresses, annotations, hasTls, httpsRedirect }: HostRoutesParts): Candidate[] {
  const stored = new Map(ingresses.map((entry) => [entry.object, entry]));
  return ingress.routes.flatMap(({ route, ingress: object }): readonly Candidate[] => {
    const of = stored.get(object);
    if (of === undefined) return [];
    const wishes = annotations.get(object);
    const redirects = hasTls && (wishes?.sslRedirect ?? httpsRedirect);
    return [{ route, overHttp: wishes?.allowHttp === false ? "refused" : redirects ? 308 : "served", of }];
  });
}

/** 301, because it is what Contour answers: clients may rely on it. */
function proxyCandidates({ proxy, hasTls }: HostRoutesParts): Candidate[] {
  if (proxy === undefined) return [];
  return proxy.host.routes.map(({ route, permitInsecure }) => ({
    route,
    overHttp: hasTls && !permitInsecure ? 301 : "served",
    of: proxy.root,
  }));
}

function pathTaken(candidate: Candidate, winner: Candidate, host: string): Verdict {
  const by = winner.route.owner ?? winner.of.ref;
  return {
    ref: candidate.route.owner ?? candidate.of.ref,
    severity: "warning",
    reason: "PathTaken",
    path: "",
    message: `${candidate.route.name} of host ${host} is already routed by ${formatRef(by)}, which is older, so this route has no effect`,
    fix: "remove one of the two",
    taken: { host, by },
  };
}
