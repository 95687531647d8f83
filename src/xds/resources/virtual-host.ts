import {
  RedirectAction_RedirectResponseCode,
  type DeepPartial,
  type RetryPolicy,
  Route,
  type RouteMatch,
  VirtualHost,
} from "#proto/envoy/config/route/v3/route_components.ts";
import type { IrForward, IrMatch, IrRetry, IrRoute, IrVirtualHost } from "#translate/ir.ts";
import { unreachable } from "#lib/unreachable.ts";
import { packEmpty } from "./any.ts";
import { duration } from "./duration.ts";
import { envoyRouteName } from "./traffic-key.ts";

/** The key under which a virtual host's metadata says which host it is, for requests that no route takes. */
export const METADATA_KEY = "binnacle";

export function envoyVirtualHost(ir: IrVirtualHost): VirtualHost {
  const wildcard = ir.host.startsWith("*.") ? oneLabelBelow(ir.host) : [];
  return VirtualHost.fromPartial({
    name: ir.name,
    domains: [ir.host],
    metadata: { filterMetadata: { [METADATA_KEY]: { host: ir.host } } },
    routes: ir.routes.map((route) => envoyRoute(route, ir.host, wildcard)),
  });
}

function envoyRoute(ir: IrRoute, host: string, headers: DeepPartial<RouteMatch>["headers"]): Route {
  return Route.fromPartial({
    name: envoyRouteName(host, ir.owner, ir.name),
    match: { ...routeMatch(ir.match), headers: headers ?? [] },
    action: routeAction(ir),
  });
}

function routeMatch({ path }: IrMatch): DeepPartial<RouteMatch> {
  if (path.type === "exact") return { pathSpecifier: { $case: "path", value: path.value } };
  // Envoy refuses "/" here, where it would match everything anyway.
  if (path.value === "/") return { pathSpecifier: { $case: "prefix", value: "/" } };
  return { pathSpecifier: { $case: "pathSeparatedPrefix", value: path.value } };
}

function routeAction({ action }: IrRoute): NonNullable<DeepPartial<Route>["action"]> {
  switch (action.type) {
    case "forward":
      return {
        $case: "route",
        value: {
          clusterSpecifier: clusterOf(action.clusters),
          timeout: duration(action.requestTimeout),
          retryPolicy: retryPolicy(action.retry),
        },
      };
    case "redirect":
      return {
        $case: "redirect",
        value: {
          schemeRewriteSpecifier: { $case: "schemeRedirect", value: action.scheme },
          portRedirect: action.port ?? 443,
          responseCode:
            action.status === 301
              ? RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY
              : RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
        },
      };
    case "respond":
      return {
        $case: "directResponse",
        value: { status: action.status, body: { specifier: { $case: "inlineString", value: action.body } } },
      };
    default:
      return unreachable(action);
  }
}

type ClusterSpecifier = Extract<NonNullable<Route["action"]>, { $case: "route" }>["value"]["clusterSpecifier"];

function clusterOf(clusters: IrForward["clusters"]): DeepPartial<NonNullable<ClusterSpecifier>> {
  const [first] = clusters;
  if (clusters.length === 1 && first !== undefined) return { $case: "cluster", value: first.name };
  return {
    $case: "weightedClusters",
    value: { clusters: clusters.map(({ name, weight }) => ({ name, weight })) },
  };
}

function retryPolicy({ on, attempts, perTryTimeout }: IrRetry): DeepPartial<RetryPolicy> {
  if (attempts === 0) return {};
  return {
    retryOn: on,
    numRetries: attempts,
    ...(perTryTimeout === undefined ? {} : { perTryTimeout: duration(perTryTimeout) }),
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
function oneLabelBelow(wildcard: string): NonNullable<DeepPartial<RouteMatch>["headers"]> {
  const suffix = wildcard.slice(1).replaceAll(".", "\\.");
  // Names have no case (RFC 4343), and Envoy's choice of the virtual host has none either.
  const regex = `(?i)[^.]+${suffix}(:[0-9]+)?`;
  return [
    {
      name: ":authority",
      headerMatchSpecifier: {
        $case: "stringMatch",
        value: { matchPattern: { $case: "safeRegex", value: { regex } }, ignoreCase: false },
      },
    },
  ];
}
