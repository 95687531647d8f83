import { formatPath } from "#lib/field-path.ts";
import type { IngressAnnotations } from "#resources/annotations.ts";
import type { Ingress, IngressBackend, IngressPath } from "#resources/ingress.ts";
import { readPreference } from "#resources/preference.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import { readRouteAnnotations } from "#resources/route-annotations.ts";
import type { StoredObject } from "#store/object-state.ts";
import { NO_BACKEND } from "./backend.ts";
import { resolveBackend, type RouteBackend } from "./ingress-backend.ts";
import { ANY_HOST } from "./ir.ts";
import type { IrForward, IrMatch, IrRoute } from "./ir-route.ts";
import { logged } from "./log-share.ts";
import { comparePrecedence } from "./precedence.ts";
import { SAFE_RETRIES } from "./retries.ts";
import { routeName } from "./route-name.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Need, Reader } from "./unit.ts";
import { neededBy } from "./upstream-variation.ts";
import type { Verdict } from "./verdict.ts";

export interface IngressRoutes {
  /** In order of precedence. */
  readonly routes: readonly { readonly route: IrRoute; readonly ingress: Ingress }[];
  readonly needs: readonly Need[];
  readonly verdicts: readonly Verdict[];
}

interface Candidate {
  readonly match: IrMatch;
  readonly backend: IngressBackend;
  readonly ingress: Ingress;
  readonly ref: ObjectRef;
  readonly path: string;
}

/**
 * The routes of one host from the Ingresses of the namespace that owns it, given the older first: all paths together, and
 * of two with the same path and type the older's.
 */
export function ingressRoutes(
  host: string,
  owned: readonly StoredObject<Ingress>[],
  annotations: ReadonlyMap<Ingress, IngressAnnotations>,
  settings: TranslateSettings,
  read: Reader,
): IngressRoutes {
  const verdicts: Verdict[] = [];
  const winners = new Map<string, Candidate>();
  for (const candidate of [
    ...owned.flatMap((stored) => rulePaths(host, stored)),
    ...owned.flatMap((stored) => defaults(stored)),
  ]) {
    const key = routeName(candidate.match);
    const winner = winners.get(key);
    if (NEVER_IN_PATHS.test(candidate.match.path.value)) verdicts.push(pathNotValid(candidate));
    else if (winner === undefined) winners.set(key, candidate);
    else if (candidate.path !== DEFAULT_BACKEND) verdicts.push(pathTaken(candidate, winner, host));
    else if (winner.path === DEFAULT_BACKEND) verdicts.push(defaultTaken(candidate, winner, host));
  }
  const needs: Need[] = [];
  const routes = [...winners.values()].map((candidate) => {
    const { match, backend, ingress, ref, path } = candidate;
    const { annotations: written } = ingress.metadata;
    const wishes = { ...readPreference(written).value, ...readRouteAnnotations(written).value };
    const resolved = resolveBackend(backend, ref.namespace, wishes, read, (by, problem) =>
      verdicts.push({ ref, path: by === undefined ? path : formatPath(["metadata", "annotations", by]), ...problem }),
    );
    const route = { name: routeName(match), owner: ref, match, ...logged(wishes) };
    if (resolved === undefined) return { route: { ...route, action: NO_BACKEND }, ingress };
    needs.push(neededBy(resolved.unit, ref));
    return { route: { ...route, action: forward(resolved, annotations.get(ingress), settings) }, ingress };
  });
  routes.sort((a, b) => comparePrecedence(a.route, b.route));
  return { routes, needs, verdicts };
}

/** Where an Ingress asks for this route of a host: `spec.rules[0].http.paths[1]`. Undefined: it does not. */
export function ingressRule(host: string, stored: StoredObject<Ingress>, route: string): string | undefined {
  const candidates = [...rulePaths(host, stored), ...defaults(stored)];
  const found = candidates.find(({ match }) => routeName(match) === route);
  return found?.path.replace(/\.backend$/, "");
}

function rulePaths(host: string, { object: ingress, ref }: StoredObject<Ingress>): readonly Candidate[] {
  return ingress.spec.rules.flatMap((rule, ruleIndex) => {
    if ((rule.host === "" ? ANY_HOST : rule.host) !== host) return [];
    return (rule.http?.paths ?? []).map((path, pathIndex) => ({
      match: pathMatch(path),
      backend: path.backend,
      ingress,
      ref,
      path: `spec.rules[${ruleIndex}].http.paths[${pathIndex}].backend`,
    }));
  });
}

/** An Ingress's default backend takes what its own hosts' paths leave, and without rules every host that nobody names. */
function defaults({ object: ingress, ref }: StoredObject<Ingress>): readonly Candidate[] {
  const backend = ingress.spec.defaultBackend;
  if (backend === undefined) return [];
  return [{ match: { path: { type: "prefix", value: "/" } }, backend, ingress, ref, path: DEFAULT_BACKEND }];
}

const DEFAULT_BACKEND = "spec.defaultBackend";

/** Query and fragment are no part of a path (RFC 3986 §3), and Envoy refuses prefixes with them. */
const NEVER_IN_PATHS = /[?#]/;

/** `ImplementationSpecific` is a prefix by path elements here. A trailing slash of a prefix has no meaning (Kubernetes). */
function pathMatch({ path, pathType }: IngressPath): IrMatch {
  if (pathType === "Exact") return { path: { type: "exact", value: path } };
  const trimmed = path.replace(/\/+$/, "");
  return { path: { type: "prefix", value: trimmed === "" ? "/" : trimmed } };
}

function forward(
  { cluster, fallbacks }: RouteBackend,
  wishes: IngressAnnotations | undefined,
  settings: TranslateSettings,
): IrForward {
  return {
    type: "forward",
    clusters: [{ name: cluster, weight: 1 }],
    requestTimeout: wishes?.responseTimeout ?? settings.requestTimeout,
    retry: {
      on: wishes?.retryOn === undefined ? SAFE_RETRIES : `${SAFE_RETRIES},${wishes.retryOn}`,
      attempts: wishes?.retries ?? Math.max(1, fallbacks ?? 1),
      perTryTimeout: wishes?.perTryTimeout,
      ...(fallbacks === undefined ? {} : { nextPriority: true as const }),
    },
  };
}

function pathTaken(candidate: Candidate, winner: Candidate, host: string): Verdict {
  const { type, value } = candidate.match.path;
  const own = candidate.ingress === winner.ingress;
  const by = own ? "an earlier path of this Ingress" : `${formatRef(winner.ref)}, which is older`;
  return {
    ref: candidate.ref,
    severity: "warning",
    reason: "PathTaken",
    path: pathField(candidate),
    message: `${type} path ${value} of host ${host} is already routed by ${by}, so this path has no effect`,
    fix: "remove one of the two",
    taken: { host, by: winner.ref },
  };
}

function defaultTaken(candidate: Candidate, winner: Candidate, host: string): Verdict {
  return {
    ref: candidate.ref,
    severity: "warning",
    reason: "DefaultBackendTaken",
    path: candidate.path,
    message: `host ${host} has the default backend of ${formatRef(winner.ref)}, which is older, so this one has no effect there`,
    fix: "keep one of the two",
  };
}

function pathNotValid(candidate: Candidate): Verdict {
  return {
    ref: candidate.ref,
    severity: "error",
    reason: "PathNotValid",
    path: pathField(candidate),
    message: `no request's path holds a ? or #, as ${candidate.match.path.value} does, so this path has no effect`,
    fix: "route by path alone, without query and fragment",
  };
}

function pathField({ path }: Candidate): string {
  return path.replace(/\.backend$/, ".path");
}
