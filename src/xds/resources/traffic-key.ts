import type { ObjectRef } from "#resources/ref.ts";
import { CLIENT_LEFT_FLAGS, GRPC_STATUSES } from "./grpc-status.ts";

/**
 * How Envoy's counters and log entries name what a request met. One string says host, object and route, because each part
 * that Envoy has to look up for itself costs on every request; it stands in `Route.name`, which costs nothing.
 */

/**
 * Names of the stats access logger. `requestTag` holds a request key, `routeTag` a cluster, a listener and a route name with
 * spaces between them.
 */
export const REQUEST_STAT = {
  prefix: "binnacle",
  requests: "requests",
  duration: "request_duration",
  requestTag: "request",
  routeTag: "served_by",
} as const;

/** The route's name, or, for a request that no route took, its virtual host's host. Empty when none took it either. */
export const ROUTE_KEY =
  '%COALESCE({"operators":["ROUTE_NAME",{"command":"METADATA","param":"VIRTUAL_HOST:binnacle:host"}]})%';

/** What served a request. */
export interface ServedBy {
  /** Empty when no virtual host took it. */
  readonly host: string;
  /** Of the object that made the route; undefined without one. */
  readonly owner: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
  /** Unique in its host; empty when no route took it. */
  readonly route: string;
}

/** `Route.name` for Envoy: `host/kind/namespace/name/route`. Only the route's own name may hold slashes. */
export function envoyRouteName(host: string, owner: ObjectRef | undefined, route: string): string {
  const { kind = "", namespace = "", name = "" } = owner ?? {};
  return `${host}/${kind}/${namespace}/${name}/${route}`;
}

/** Reads {@link ROUTE_KEY}'s value. A name of another form (a route that is not ours) is a route without a host. */
export function parseRouteKey(key: string): ServedBy {
  if (!key.includes("/")) return { host: key, owner: undefined, route: "" };
  const match = ROUTE_NAME.exec(key);
  if (match === null) return { host: "", owner: undefined, route: key };
  const [, host = "", kind = "", namespace = "", name = "", route = ""] = match;
  return { host, owner: kind === "" ? undefined : { kind, namespace, name }, route };
}

const ROUTE_NAME = /^([^/]*)\/([^/]*)\/([^/]*)\/([^/]*)\/(.*)$/s;

/** One rule of Prometheus' `metric_relabel_configs`. */
export interface RelabelRule {
  readonly sourceLabel: string;
  readonly regex: string;
  readonly targetLabel: string;
  readonly replacement: string;
}

/** A cluster whose name is an upstream's identity has the parts of it as well. Its namespace need not be the route's. */
const UPSTREAM_LABELS = ["envoy_cluster_name", "backend", "upstream_namespace", "service", "port"] as const;
const UPSTREAM_LABELS_REGEX = "(([^ /]+)/([^ /]+)/([^ /]+)/([0-9]+)|[^ ]*)";
const ROUTE_LABELS = ["listener", "host", "route_kind", "namespace", "route_name", "route"] as const;
const ROUTE_LABELS_REGEX = "([^ ]*) ([^/]*)(?:/([^/]*)/([^/]*)/([^/]*)/(.*))?";
const SERVED_LABELS = [...UPSTREAM_LABELS, ...ROUTE_LABELS] as const;
const SERVED_LABELS_REGEX = `${UPSTREAM_LABELS_REGEX} ${ROUTE_LABELS_REGEX}`;
const REQUEST_LABELS = ["code", "flags", ...SERVED_LABELS] as const;
const REQUEST_LABELS_REGEX = `([0-9]*)(?:/[^ ]*)? ([^ ]*) ${SERVED_LABELS_REGEX}`;

/**
 * Gives `envoy_binnacle_requests` and `envoy_binnacle_request_duration` the labels that a reader wants (of the first: code,
 * flags, and grpc_status, by which the code goes where an answer has one; of both: envoy_cluster_name, backend, upstream_namespace, service, port; listener, host, route_kind, namespace,
 * route_name, route) when Prometheus scrapes them. After them `request` and `served_by` can be dropped: the labels say all
 * that they say.
 */
export const TRAFFIC_RELABEL: readonly RelabelRule[] = [
  ...rules(REQUEST_STAT.requestTag, REQUEST_LABELS_REGEX, REQUEST_LABELS),
  ...grpcRules(),
  ...rules(REQUEST_STAT.routeTag, SERVED_LABELS_REGEX, SERVED_LABELS),
];

/** What {@link countedCode} says, for Prometheus; the last that matches counts. */
function grpcRules(): RelabelRule[] {
  const rule = (targetLabel: string, regex: string, replacement: string): RelabelRule => ({
    sourceLabel: REQUEST_STAT.requestTag,
    regex,
    targetLabel,
    replacement,
  });
  const byCode = Map.groupBy([...GRPC_STATUSES.keys()].slice(1), (status) => GRPC_STATUSES[status]!.code);
  return [
    rule("grpc_status", "[0-9]+/([0-9]+) .*", "$1"),
    rule("code", "200/[1-9][0-9]* .*", "500"),
    ...[...byCode]
      .filter(([code]) => code !== 500)
      .map(([code, statuses]) => rule("code", `200/(?:${statuses.join("|")}) .*`, String(code))),
    rule("code", `(200)/[0-9]+ (?:[^ ]*,)?(?:${CLIENT_LEFT_FLAGS.join("|")})(?:,[^ ]*)? .*`, "$1"),
  ];
}

function rules(sourceLabel: string, regex: string, labels: readonly string[]): RelabelRule[] {
  return labels.map((targetLabel, index) => ({ sourceLabel, regex, targetLabel, replacement: `$${index + 1}` }));
}
