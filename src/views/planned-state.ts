import type { PlannedProblem } from "#api/ports/diff.ts";
import { formatProblem } from "#lib/problem.ts";
import { formatRef, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Store } from "#store/store.ts";
import type { IrCluster, IrVirtualHost } from "#translate/ir.ts";
import type { IrRoute } from "#translate/ir-route.ts";
import type { Translator } from "#translate/translator.ts";
import { XDS_TYPES, type XdsType } from "#xds/resource.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { problemsOf } from "./objects.ts";
import { routeLines } from "./route-lines.ts";

/** What stands at one moment of a control plane, kept so that it can be compared with what stands later. */
export interface PlannedState {
  readonly objects: ReadonlyMap<RefKey, { readonly ref: ObjectRef; readonly object: Resource; readonly hash: string }>;
  readonly routes: ReadonlyMap<string, PlannedRoute>;
  /** The namespace of each host. */
  readonly owners: ReadonlyMap<string, string>;
  /** By what they say. */
  readonly problems: ReadonlyMap<string, PlannedProblem>;
  /** By type and name. */
  readonly resources: ReadonlyMap<string, PlannedResource>;
}

export interface PlannedRoute {
  readonly host: string;
  readonly scheme: "http" | "https";
  readonly route: string;
  readonly owner: ObjectRef | undefined;
  readonly lines: readonly string[];
}

export interface PlannedResource {
  readonly type: XdsType;
  readonly name: string;
  readonly version: string;
  /** Of the objects that it is made from, the answerable one first. */
  readonly namespaces: readonly string[];
}

export interface PlannedParts {
  readonly store: Pick<Store, "states">;
  readonly translator: Pick<Translator, "items" | "verdicts">;
  readonly snapshot: Pick<Snapshot, "names" | "get" | "quarantined">;
}

export function plannedState({ store, translator, snapshot }: PlannedParts): PlannedState {
  const states = store.states();
  const objects = states.flatMap(({ ref, inUse }) =>
    inUse === undefined ? [] : [[refKey(ref), { ref, object: inUse.object, hash: inUse.hash }] as const],
  );
  const problems = states.flatMap((state) =>
    problemsOf(state, translator.verdicts(state.ref), snapshot).map((problem): PlannedProblem => ({
      ...problem,
      ref: state.ref,
    })),
  );
  const items = translator.items();
  const clusters = new Map(items.flatMap(({ item }) => (item.type === "cluster" ? [[item.name, item] as const] : [])));
  const hosts = items.flatMap(({ item, sources }) => (item.type === "virtualHost" ? [{ item, sources }] : []));
  const owners = hosts.flatMap(({ item, sources: [first] }) =>
    first === undefined ? [] : [[item.host, first.ref.namespace] as const],
  );
  return {
    objects: new Map(objects),
    routes: new Map(hosts.flatMap(({ item }) => item.routes.map((route) => plannedRoute(item, route, clusters)))),
    owners: new Map(owners),
    problems: new Map(problems.map((problem) => [problemKey(problem), problem])),
    resources: new Map(resourcesOf(snapshot)),
  };
}

/** What a problem says, without where it stands: a line that moves is no news. */
export function problemKey({ ref, ...problem }: PlannedProblem): string {
  const { origin: _origin, ...said } = problem;
  return `${ref === undefined ? "" : formatRef(ref)} ${problem.severity} ${formatProblem(said)}`;
}

function plannedRoute(
  { host, routeTable, policies }: IrVirtualHost,
  route: IrRoute,
  clusters: ReadonlyMap<string, IrCluster>,
): readonly [string, PlannedRoute] {
  const scheme = routeTable === "http" ? "http" : "https";
  const { name, owner } = route;
  return [
    `${host} ${name} ${scheme}`,
    { host, scheme, route: name, owner, lines: routeLines(route, policies, clusters) },
  ];
}

function resourcesOf(snapshot: PlannedParts["snapshot"]): (readonly [string, PlannedResource])[] {
  return XDS_TYPES.filter((type) => type !== "runtime").flatMap((type) =>
    snapshot.names(type).flatMap((name) => {
      const found = snapshot.get(type, name);
      if (found === undefined) return [];
      const namespaces = found.sources.map(({ ref }) => ref.namespace);
      return [[`${type} ${name}`, { type, name, version: found.version, namespaces }] as const];
    }),
  );
}
