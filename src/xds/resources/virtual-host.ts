import {
  DirectResponseAction,
  HeaderMatcher,
  RedirectAction,
  RedirectAction_RedirectResponseCode,
  RetryPolicy,
  Route,
  RouteAction,
  RouteMatch,
  VirtualHost,
  WeightedCluster,
} from "#proto/envoy/config/route/v3/route_components.ts";
import {
  ANY_HOST,
  type IrForward,
  type IrMatch,
  type IrRetry,
  type IrRoute,
  type IrVirtualHost,
} from "#translate/ir.ts";
import { unreachable } from "#lib/unreachable.ts";
import { packEmpty } from "./any.ts";
import { duration } from "./duration.ts";
import { envoyRouteName } from "./traffic-key.ts";

/** The key under which a virtual host's metadata says which host it is, for requests that no route takes. */
export const METADATA_KEY = "binnacle";

export function envoyVirtualHost(ir: IrVirtualHost): VirtualHost {
  const wildcard = ir.host.startsWith("*.");
  const headers = wildcard ? [oneLabelBelow(ir.host)] : [];
  const beyond = wildcard ? [{ ...oneLabelBelow(ir.host), invertMatch: true }] : [];
  return {
    ...VIRTUAL_HOST,
    name: ir.name,
    domains: [ir.host],
    metadata: { filterMetadata: { [METADATA_KEY]: { host: ir.host } }, typedFilterMetadata: {} },
    routes: [
      ...ir.routes.map((route) => envoyRoute(route, ir.host, headers)),
      ...(ir.beyond ?? []).map((route) => envoyRoute(route, ANY_HOST, beyond)),
    ],
  };
}

/** The fields that are not set, in whole messages made once: a copy by `fromPartial` costs more than the encoding. */
const VIRTUAL_HOST = VirtualHost.fromPartial({});
const ROUTE = Route.fromPartial({});
const ROUTE_MATCH = RouteMatch.fromPartial({});
const ROUTE_ACTION = RouteAction.fromPartial({});

function envoyRoute(ir: IrRoute, host: string, headers: RouteMatch["headers"]): Route {
  return {
    ...ROUTE,
    name: envoyRouteName(host, ir.owner, ir.name),
    match: { ...ROUTE_MATCH, pathSpecifier: pathSpecifier(ir.match), headers },
    action: routeAction(ir, host),
  };
}

function pathSpecifier({ path }: IrMatch): RouteMatch["pathSpecifier"] {
  if (path.type === "exact") return { $case: "path", value: path.value };
  // Envoy refuses "/" here, where it would match everything anyway.
  if (path.value === "/") return { $case: "prefix", value: "/" };
  return { $case: "pathSeparatedPrefix", value: path.value };
}

function routeAction({ action }: IrRoute, host: string): Route["action"] {
  switch (action.type) {
    case "forward":
      return {
        $case: "route",
        value: {
          ...ROUTE_ACTION,
          clusterSpecifier: clusterOf(action.clusters),
          timeout: duration(action.requestTimeout),
          retryPolicy: retryPolicy(action.retry),
        },
      };
    case "redirect":
      return {
        $case: "redirect",
        value: RedirectAction.fromPartial({
          schemeRewriteSpecifier: { $case: "schemeRedirect", value: action.scheme },
          ...redirectTarget(action.port, host),
          responseCode:
            action.status === 301
              ? RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY
              : RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
        }),
      };
    case "respond":
      return {
        $case: "directResponse",
        value: DirectResponseAction.fromPartial({
          status: action.status,
          body: { specifier: { $case: "inlineString", value: action.body } },
        }),
      };
    default:
      return unreachable(action);
  }
}

/**
 * Where a redirect leads. Without a port of its own the request's must not stay (`shop.test:8080`), and Envoy writes `:443` out
 * where it is told the port: a host that is one name is told by that name instead.
 */
function redirectTarget(port: number | undefined, host: string): { portRedirect: number } | { hostRedirect: string } {
  if (port !== undefined) return { portRedirect: port };
  return host.startsWith("*") ? { portRedirect: 443 } : { hostRedirect: host };
}

function clusterOf(clusters: IrForward["clusters"]): RouteAction["clusterSpecifier"] {
  const [first] = clusters;
  if (clusters.length === 1 && first !== undefined) return { $case: "cluster", value: first.name };
  return {
    $case: "weightedClusters",
    value: WeightedCluster.fromPartial({ clusters: clusters.map(({ name, weight }) => ({ name, weight })) }),
  };
}

const RETRY_POLICY = RetryPolicy.fromPartial({});

function retryPolicy({ on, attempts, perTryTimeout }: IrRetry): RetryPolicy {
  if (attempts === 0) return RETRY_POLICY;
  return {
    ...RETRY_POLICY,
    retryOn: on,
    numRetries: attempts,
    perTryTimeout: perTryTimeout === undefined ? undefined : duration(perTryTimeout),
    retryHostPredicate: [PREVIOUS_HOSTS],
    hostSelectionRetryMaxAttempts: 3,
  };
}

/** A retry goes to an endpoint that has not had the request yet. */
const PREVIOUS_HOSTS = {
  name: "envoy.retry_host_predicates.previous_hosts",
  configType: {
    $case: "typedConfig",
    value: packEmpty("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
  },
} as const;

/** Envoy's wildcard covers any number of labels, an Ingress's exactly one (Kubernetes: "Hostname wildcards"). */
function oneLabelBelow(wildcard: string): HeaderMatcher {
  const suffix = wildcard.slice(1).replaceAll(".", "\\.");
  // Names have no case (RFC 4343), and Envoy's choice of the virtual host has none either.
  const regex = `(?i)[^.]+${suffix}(:[0-9]+)?`;
  return HeaderMatcher.fromPartial({
    name: ":authority",
    headerMatchSpecifier: {
      $case: "stringMatch",
      value: { matchPattern: { $case: "safeRegex", value: { regex } }, ignoreCase: false },
    },
  });
}
