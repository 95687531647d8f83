import type { Problem } from "#lib/problem.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { TrafficFilter } from "#traffic/messages.ts";
import type { KeptBecause } from "#traffic/request-shown.ts";
import type { CodeClass, Owner, Upstream } from "#traffic/table-rows.ts";

/**
 * A filter in words: `host=shop.localhost`, `code=5xx`. One vocabulary for the console's address and filter box, the API's
 * query and the flags of `binnacle tail`, so that one can be turned into the others.
 */
export const FILTER_FIELDS = [
  { name: "host", words: "virtual host; *.example.com for every name below it", example: "shop.localhost" },
  { name: "route", words: "route name", example: "" },
  { name: "namespace", words: "namespace of the route's object", example: "team-shop" },
  { name: "owner", words: "the route's object", example: "Ingress/team-shop/shop" },
  { name: "cluster", words: "upstream", example: "local/team-shop/cart/80" },
  { name: "endpoint", words: "endpoint's address and port", example: "10.0.0.7:8080" },
  { name: "envoy", words: "Envoy that served it, by node id", example: "edge-1" },
  { name: "client", words: "client's address", example: "192.0.2.1" },
  { name: "method", words: "method", example: "POST" },
  { name: "path", words: "beginning of the path", example: "/cart" },
  { name: "path-contains", words: "part of the path", example: "checkout" },
  { name: "code", words: "status code, or a class of them", example: "5xx" },
  { name: "flag", words: "Envoy's response flag", example: "UF" },
  { name: "slower-than", words: "at least this long: milliseconds, or 1.5s", example: "200ms" },
  { name: "kept", words: "why it is shown: pinned, failure, slow or sample", example: "failure" },
  { name: "request-id", words: "the x-request-id", example: "" },
] as const;
export type FilterFieldName = (typeof FILTER_FIELDS)[number]["name"];
export type FilterPair = readonly [name: string, value: string];

const CODE_CLASSES = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"] as const satisfies CodeClass[];
const KEPT = ["pinned", "failure", "slow", "sample"] as const satisfies KeptBecause[];
const NAMES = FILTER_FIELDS.map(({ name }) => name);

type Draft = { -readonly [K in keyof TrafficFilter]: TrafficFilter[K] };

/** Reads pairs; a name that comes again adds to its list. What is not understood is a problem and left out. */
export function filterFromPairs(pairs: Iterable<FilterPair>): { filter: TrafficFilter; problems: Problem[] } {
  const filter: Draft = {};
  const problems: Problem[] = [];
  for (const [name, value] of pairs) {
    const fix = readPair(filter, name, value.trim());
    if (fix === undefined) continue;
    problems.push({ severity: "error", path: name, message: `found ${JSON.stringify(value)}`, fix });
  }
  return { filter, problems };
}

/** Puts one pair into the filter. Returns what to write instead when it is not understood. */
function readPair(filter: Draft, name: string, value: string): string | undefined {
  const field = NAMES.find((known) => known === name);
  if (field === undefined) return `use one of ${NAMES.join(", ")}`;
  if (value === "") return "give a value";
  switch (field) {
    case "envoy":
      filter.envoys = [...(filter.envoys ?? []), value];
      return undefined;
    case "host":
      filter.hosts = [...(filter.hosts ?? []), value];
      return undefined;
    case "route":
      filter.routes = [...(filter.routes ?? []), value];
      return undefined;
    case "namespace":
      filter.namespaces = [...(filter.namespaces ?? []), value];
      return undefined;
    case "owner": {
      const owner = parseOwner(value);
      if (owner === undefined) return "write KIND/NAMESPACE/NAME, for instance Ingress/team-shop/shop";
      filter.owners = [...(filter.owners ?? []), owner];
      return undefined;
    }
    case "cluster": {
      const upstream = parseUpstream(value);
      if (upstream === undefined) return "write BACKEND/NAMESPACE/SERVICE/PORT, for instance local/team-shop/cart/80";
      filter.clusters = [...(filter.clusters ?? []), upstream];
      return undefined;
    }
    case "endpoint":
      filter.endpoints = [...(filter.endpoints ?? []), value];
      return undefined;
    case "client":
      filter.clients = [...(filter.clients ?? []), value];
      return undefined;
    case "method":
      filter.methods = [...(filter.methods ?? []), value.toUpperCase()];
      return undefined;
    case "path":
      filter.pathPrefix = value;
      return undefined;
    case "path-contains":
      filter.pathContains = value;
      return undefined;
    case "code": {
      const code = parseCode(value);
      if (code === undefined) return "write a code such as 404, a class such as 5xx, or 0xx for no answer at all";
      filter.codes = [...(filter.codes ?? []), code];
      return undefined;
    }
    case "flag":
      if (!/^[A-Za-z]{1,10}$/.test(value)) return "write one of Envoy's response flags, for instance UF";
      filter.flags = [...(filter.flags ?? []), value.toUpperCase()];
      return undefined;
    case "slower-than": {
      const milliseconds = parseDuration(value);
      if (milliseconds === undefined) return "write milliseconds or seconds: 200, 200ms, 1.5s";
      filter.slowerThan = milliseconds;
      return undefined;
    }
    case "kept": {
      const kept = KEPT.find((known) => known === value);
      if (kept === undefined) return `use one of ${KEPT.join(", ")}`;
      filter.kept = [...(filter.kept ?? []), kept];
      return undefined;
    }
    case "request-id":
      filter.requestId = value;
      return undefined;
    default:
      return unreachable(field);
  }
}

/** The pairs of a filter, in the order of {@link FILTER_FIELDS}: reading them gives the filter again. */
export function pairsFromFilter(filter: TrafficFilter): FilterPair[] {
  const values: Record<FilterFieldName, readonly string[]> = {
    envoy: filter.envoys ?? [],
    host: filter.hosts ?? [],
    route: filter.routes ?? [],
    namespace: filter.namespaces ?? [],
    owner: (filter.owners ?? []).map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`),
    cluster: (filter.clusters ?? []).map(formatUpstream),
    endpoint: filter.endpoints ?? [],
    client: filter.clients ?? [],
    method: filter.methods ?? [],
    path: listOf(filter.pathPrefix),
    "path-contains": listOf(filter.pathContains),
    code: (filter.codes ?? []).map(String),
    flag: filter.flags ?? [],
    "slower-than": filter.slowerThan === undefined ? [] : [`${filter.slowerThan}ms`],
    kept: filter.kept ?? [],
    "request-id": listOf(filter.requestId),
  };
  return NAMES.flatMap((name) => values[name].map((value): FilterPair => [name, value]));
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}

/** The command line that shows the same: `binnacle tail --host shop.localhost --code 5xx`. */
export function tailCommand(filter: TrafficFilter): string {
  const flags = pairsFromFilter(filter).map(([name, value]) => ` --${name} ${shellWord(value)}`);
  return `binnacle tail${flags.join("")}`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function formatUpstream({ backend, namespace, service, port }: Upstream): string {
  return `${backend}/${namespace}/${service}/${port}`;
}

function parseUpstream(text: string): Upstream | undefined {
  const [backend, namespace, service, port, ...rest] = text.split("/");
  if (!backend || !namespace || !service || rest.length > 0 || !/^\d{1,5}$/.test(port ?? "")) return undefined;
  return { backend, namespace, service, port: Number(port) };
}

function parseOwner(text: string): Owner | undefined {
  const [kind, namespace, name, ...rest] = text.split("/");
  if (!kind || namespace === undefined || !name || rest.length > 0) return undefined;
  return { kind, namespace, name };
}

function parseCode(text: string): number | CodeClass | undefined {
  const codeClass = CODE_CLASSES.find((known) => known === text.toLowerCase());
  if (codeClass !== undefined) return codeClass;
  return /^(0|[1-5]\d\d)$/.test(text) ? Number(text) : undefined;
}

function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (match[2] === "s" ? 1000 : 1);
}
