import type { ChangePlan, EnvoyChange, PlannedProblem, RouteChange } from "#api/ports/diff.ts";
import { compareText } from "#lib/compare.ts";
import { compareRefs, type ObjectRef } from "#resources/ref.ts";
import { XDS_TYPES } from "#xds/resource.ts";
import { differingFields } from "./differing-fields.ts";
import type { PlannedResource, PlannedRoute, PlannedState } from "./planned-state.ts";

type Sees = (namespace: string) => boolean;

/** What differs between two moments, as far as somebody may see it. */
export function changePlan(before: PlannedState, after: PlannedState, sees: Sees): ChangePlan {
  return {
    objects: objectChanges(before, after, sees),
    routes: routeChanges(before, after, sees),
    hosts: handovers(before, after, sees),
    problems: {
      appear: problemsOnlyIn(after, before, sees),
      go: problemsOnlyIn(before, after, sees),
    },
    envoy: envoyChanges(before, after, sees),
  };
}

function objectChanges(before: PlannedState, after: PlannedState, sees: Sees): ChangePlan["objects"] {
  const seen = ({ ref }: { readonly ref: ObjectRef }): boolean => seesObject(ref, sees);
  const old = [...before.objects].filter(([, entry]) => seen(entry));
  const now = [...after.objects].filter(([, entry]) => seen(entry));
  const changed = now.flatMap(([key, { ref, object, hash }]) => {
    const earlier = before.objects.get(key);
    if (earlier === undefined || earlier.hash === hash) return [];
    return [{ ref, fields: differingFields(earlier.object, object) }];
  });
  const added = now.filter(([key]) => !before.objects.has(key)).map(([, { ref }]) => ref);
  return {
    added: added.sort(compareRefs),
    changed: changed.sort((a, b) => compareRefs(a.ref, b.ref)),
    removed: old
      .filter(([key]) => !after.objects.has(key))
      .map(([, { ref }]) => ref)
      .sort(compareRefs),
    unchanged: now.length - added.length - changed.length,
  };
}

/** The same change over HTTP and HTTPS is told once. */
function routeChanges(before: PlannedState, after: PlannedState, sees: Sees): readonly RouteChange[] {
  const changes = new Map<string, RouteChange>();
  for (const key of [...new Set([...before.routes.keys(), ...after.routes.keys()])].sort(compareText)) {
    const change = routeChange(before.routes.get(key), after.routes.get(key), sees);
    if (change === undefined) continue;
    const same = JSON.stringify({ ...change, schemes: [] });
    const schemes = [...(changes.get(same)?.schemes ?? []), ...change.schemes];
    changes.set(same, { ...change, schemes });
  }
  return [...changes.values()];
}

function routeChange(
  old: PlannedRoute | undefined,
  now: PlannedRoute | undefined,
  sees: Sees,
): RouteChange | undefined {
  const seen = [old, now].filter((route) => route !== undefined && seesOwner(route, sees));
  const shown = now ?? old;
  if (shown === undefined || seen.length === 0) return undefined;
  const { host, scheme, route } = shown;
  const owned = [now, old].find((one) => one?.owner !== undefined && seesOwner(one, sees))?.owner;
  const base = { host, schemes: [scheme], route, ...(owned === undefined ? {} : { owner: owned }) };
  const before = old === undefined ? [] : linesFor(old, sees);
  const after = now === undefined ? [] : linesFor(now, sees);
  if (old === undefined) return { ...base, change: "added", before, after };
  if (now === undefined) return { ...base, change: "removed", before, after };
  const [only, others] = [
    before.filter((line) => !after.includes(line)),
    after.filter((line) => !before.includes(line)),
  ];
  if (only.length === 0 && others.length === 0) return undefined;
  return { ...base, change: "changed", before: only, after: others };
}

/** Whose it is is told beside what it does: a route that changes hands is a change. */
function linesFor(route: PlannedRoute, sees: Sees): readonly string[] {
  if (!seesOwner(route, sees)) return ["a route of a namespace that you do not see"];
  const { owner, lines } = route;
  return owner === undefined ? lines : [`of ${owner.kind} ${owner.namespace}/${owner.name}`, ...lines];
}

function handovers(before: PlannedState, after: PlannedState, sees: Sees): ChangePlan["hosts"] {
  return [...new Set([...before.owners.keys(), ...after.owners.keys()])].sort(compareText).flatMap((host) => {
    const [from, to] = [before.owners.get(host), after.owners.get(host)];
    const told = { ...seenSide("from", from, sees), ...seenSide("to", to, sees) };
    return from === to || Object.keys(told).length === 0 ? [] : [{ host, ...told }];
  });
}

function seenSide(side: "from" | "to", namespace: string | undefined, sees: Sees): { from?: string; to?: string } {
  return namespace === undefined || !sees(namespace) ? {} : { [side]: namespace };
}

function problemsOnlyIn(one: PlannedState, other: PlannedState, sees: Sees): readonly PlannedProblem[] {
  return [...one.problems]
    .filter(([key, { ref }]) => !other.problems.has(key) && (ref === undefined || seesObject(ref, sees)))
    .sort(([a], [b]) => compareText(a, b))
    .map(([, problem]) => problem);
}

function envoyChanges(before: PlannedState, after: PlannedState, sees: Sees): readonly EnvoyChange[] {
  const names = (
    of: PlannedState,
    type: string,
    wanted: (key: string, resource: PlannedResource) => boolean,
  ): string[] =>
    [...of.resources]
      .filter(([key, resource]) => resource.type === type && seesResource(resource, sees) && wanted(key, resource))
      .map(([, { name }]) => name)
      .sort(compareText);
  return XDS_TYPES.flatMap((type): readonly EnvoyChange[] => {
    const change = {
      type,
      added: names(after, type, (key) => !before.resources.has(key)),
      changed: names(after, type, (key, { version }) => {
        const earlier = before.resources.get(key);
        return earlier !== undefined && earlier.version !== version;
      }),
      removed: names(before, type, (key) => !after.resources.has(key)),
    };
    return change.added.length + change.changed.length + change.removed.length === 0 ? [] : [change];
  });
}

/** Those of nobody (listeners, tables) name no team's hosts but by what they hold: they are for who sees everything that made them. */
function seesResource({ namespaces }: PlannedResource, sees: Sees): boolean {
  return namespaces.length === 0 ? sees("") : namespaces.every(sees);
}

function seesOwner({ owner }: PlannedRoute, sees: Sees): boolean {
  return owner === undefined ? sees("") : sees(owner.namespace);
}

/** A Namespace belongs to itself; other kinds without a namespace are nobody's. */
function seesObject({ kind, namespace, name }: ObjectRef, sees: Sees): boolean {
  if (kind === "Namespace") return sees(name);
  return namespace === "" || sees(namespace);
}

/** Whether anything would be different. */
export function isEmptyPlan({ objects, routes, hosts, problems, envoy }: ChangePlan): boolean {
  const { added, changed, removed } = objects;
  return [added, changed, removed, routes, hosts, problems.appear, problems.go, envoy].every(
    (list) => list.length === 0,
  );
}
