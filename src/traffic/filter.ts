import { codeClass } from "./code-class.ts";
import type { Flow } from "./flows.ts";
import type { PinTarget, TrafficFilter } from "./messages.ts";
import type { RequestRow } from "./request-shown.ts";
import type { Owner, Upstream } from "./table-rows.ts";
import { sameUpstream } from "./upstream.ts";

/** The namespaces that somebody may see. */
export type NamespaceScope = "all" | ReadonlySet<string>;

/** A filter and a scope, ready to be asked. */
export interface CompiledFilter {
  /** All flows pass. */
  readonly isWhole: boolean;
  /** Totals, latencies and columns. */
  flow(flow: Flow): boolean;
  row(row: RequestRow): boolean;
  /** Whether an upstream is shown that none of these flows used. */
  idleUpstream(upstream: Upstream): boolean;
  /** Whether an upstream that these flows used is shown. */
  upstream(upstream: Upstream): boolean;
  /** Whether a listener is shown that forwards connections to one of these, or nowhere. */
  stream(upstreams: readonly Upstream[]): boolean;
  /** Whether what an Envoy sees is meant, for instance its endpoints' health. */
  envoy(id: string): boolean;
}

/** What a flow and a row have in common. */
type Served = Pick<RequestRow, "envoy" | "host" | "route" | "owner" | "upstream" | "fallback">;
type Test<T> = (value: T) => boolean;

/** A request without an owner belongs to nobody: only who sees everything sees it. */
export function inScope(owner: Owner | undefined, scope: NamespaceScope): boolean {
  return scope === "all" || (owner !== undefined && scope.has(owner.namespace));
}

export function compileFilter(filter: TrafficFilter, scope: NamespaceScope): CompiledFilter {
  const served = servedTests(filter);
  const flow = every<Served>([(value) => inScope(value.owner, scope), ...served]);
  const row = every<RequestRow>(rowTests(filter));
  const upstream: Test<Upstream> = ({ namespace }) => scope === "all" || scope.has(namespace);
  const clusters = list(filter.clusters);
  const namespaces = set(filter.namespaces);
  const envoys = set(filter.envoys);
  // Filters by host, route or object ask for the upstreams of certain requests: one that took none of them is not meant.
  const idle =
    list(filter.hosts) === undefined && list(filter.routes) === undefined && list(filter.owners) === undefined;
  const idleUpstream = (value: Upstream): boolean =>
    idle &&
    upstream(value) &&
    (clusters === undefined || clusters.some((wanted) => sameUpstream(wanted, value))) &&
    (namespaces === undefined || namespaces.has(value.namespace));
  const isNarrow = !idle || clusters !== undefined || namespaces !== undefined;
  return {
    isWhole: scope === "all" && served.length === 0,
    flow,
    row: (value) => flow(value) && row(value),
    upstream,
    envoy: (id) => envoys === undefined || envoys.has(id),
    idleUpstream,
    // One that forwards to nothing belongs to nobody: only who sees everything sees it.
    stream: (values) => (values.length === 0 ? scope === "all" && !isNarrow : values.some(idleUpstream)),
  };
}

/** The part of a filter that decides about totals: subscribers with the same one share their computation. */
export function totalsPart({ envoys, hosts, routes, namespaces, owners, clusters }: TrafficFilter): TrafficFilter {
  return { envoys, hosts, routes, namespaces, owners, clusters };
}

export function matchesPin(
  target: PinTarget,
  row: Pick<RequestRow, "client" | "host" | "route" | "requestId">,
): boolean {
  return (
    (target.client === undefined || target.client === row.client) &&
    (target.host === undefined || target.host === row.host) &&
    (target.route === undefined || target.route === row.route) &&
    (target.requestId === undefined || target.requestId === row.requestId)
  );
}

function servedTests(filter: TrafficFilter): readonly Test<Served>[] {
  const tests: Test<Served>[] = [];
  const envoys = set(filter.envoys);
  const hosts = list(filter.hosts)?.map(hostTest);
  const routes = set(filter.routes);
  const namespaces = set(filter.namespaces);
  const owners = list(filter.owners);
  const clusters = list(filter.clusters);
  if (envoys !== undefined) tests.push(({ envoy }) => envoys.has(envoy));
  if (hosts !== undefined) tests.push(({ host }) => hosts.some((test) => test(host)));
  if (routes !== undefined) tests.push(({ route }) => routes.has(route));
  if (namespaces !== undefined) tests.push(({ owner }) => owner !== undefined && namespaces.has(owner.namespace));
  if (owners !== undefined)
    tests.push(({ owner }) => owner !== undefined && owners.some((one) => sameOwner(one, owner)));
  if (clusters !== undefined) {
    // Of totals only the upstream of the route is known; a single request is found by the one that took over, too.
    const isOne = (found: Upstream | undefined): boolean =>
      found !== undefined && clusters.some((one) => sameUpstream(one, found));
    tests.push(({ upstream, fallback }) => isOne(upstream) || isOne(fallback));
  }
  return tests;
}

function rowTests(filter: TrafficFilter): readonly Test<RequestRow>[] {
  const tests: Test<RequestRow>[] = [];
  const { pathPrefix, pathContains, slowerThan, requestId } = filter;
  const endpoints = set(filter.endpoints);
  const clients = set(filter.clients);
  const methods = set(filter.methods?.map((method) => method.toUpperCase()));
  const codes = set<number | string>(filter.codes);
  const flags = set(filter.flags);
  const kept = set<string>(filter.kept);
  if (endpoints !== undefined) tests.push(({ endpoint }) => endpoint !== undefined && endpoints.has(endpoint));
  if (clients !== undefined) tests.push(({ client }) => clients.has(client));
  if (methods !== undefined) tests.push(({ method }) => methods.has(method.toUpperCase()));
  if (pathPrefix !== undefined) tests.push(({ path }) => path.startsWith(pathPrefix));
  if (pathContains !== undefined) tests.push(({ path }) => path.includes(pathContains));
  if (codes !== undefined) tests.push(({ code }) => codes.has(code) || codes.has(codeClass(code)));
  if (flags !== undefined) tests.push((row) => row.flags.some((flag) => flags.has(flag)));
  if (slowerThan !== undefined) tests.push(({ duration }) => duration >= slowerThan);
  if (kept !== undefined) tests.push((row) => kept.has(row.kept));
  if (requestId !== undefined) tests.push((row) => row.requestId === requestId);
  return tests;
}

function hostTest(wanted: string): Test<string> {
  if (!wanted.startsWith("*.")) return (host) => host === wanted;
  const suffix = wanted.slice(1);
  return (host) => host.endsWith(suffix);
}

function sameOwner(a: Owner, b: Owner): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** An empty list is no filter. */
function list<T>(values: readonly T[] | undefined): readonly T[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

function set<T>(values: readonly T[] | undefined): ReadonlySet<T> | undefined {
  const given = list(values);
  return given === undefined ? undefined : new Set(given);
}

function every<T>(tests: readonly Test<T>[]): Test<T> {
  return (value) => tests.every((test) => test(value));
}
