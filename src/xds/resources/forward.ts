import {
  type InternalRedirectPolicy,
  RouteAction,
  type RouteAction_HashPolicy,
  RouteAction_RequestMirrorPolicy,
  type RouteAction_UpgradeConfig,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from "#proto/envoy/config/route/v3/route_components.ts";
import { FractionalPercent_DenominatorType } from "#proto/envoy/type/v3/percent.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrPolicies } from "#translate/ir-policies.ts";
import type {
  IrForward,
  IrHash,
  IrHostRewrite,
  IrInternalRedirect,
  IrPathRewrite,
  IrWeightedCluster,
} from "#translate/ir-route.ts";
import { packEmpty } from "./any.ts";
import { duration } from "./duration.ts";
import { headerChanges } from "./header-changes.ts";
import { perFilterConfig } from "./per-filter-config.ts";
import { rateLimits } from "./rate-limit.ts";
import { retryPolicy } from "./retry-policy.ts";

/** What is not set, made once: a copy by `fromPartial` costs more than the encoding. */
const ROUTE_ACTION = RouteAction.fromPartial({});
const CLUSTER_WEIGHT = WeightedCluster_ClusterWeight.fromPartial({});

export function forwardAction(ir: IrForward, policies: IrPolicies | undefined): RouteAction {
  return {
    ...ROUTE_ACTION,
    clusterSpecifier: clusterOf(ir.clusters),
    timeout: duration(ir.requestTimeout),
    idleTimeout: ir.idleTimeout === undefined ? undefined : duration(ir.idleTimeout),
    retryPolicy: retryPolicy(ir.retry),
    requestMirrorPolicies: (ir.mirrors ?? []).map(mirrorPolicy),
    hashPolicy: (ir.hash ?? []).map(hashPolicy),
    rateLimits: rateLimits(policies),
    ...pathRewrite(ir.pathRewrite),
    hostRewriteSpecifier: hostRewrite(ir.hostRewrite),
    upgradeConfigs: ir.websocket === undefined ? [] : [websocket(ir.websocket)],
    internalRedirectPolicy: ir.internalRedirect === undefined ? undefined : internalRedirect(ir.internalRedirect),
  };
}

/** A single cluster that says nothing of its own is named in the action itself, which is what most routes have. */
function clusterOf(clusters: IrForward["clusters"]): RouteAction["clusterSpecifier"] {
  const [first] = clusters;
  if (clusters.length === 1 && first !== undefined && isPlain(first)) return { $case: "cluster", value: first.name };
  return {
    $case: "weightedClusters",
    value: WeightedCluster.fromPartial({ clusters: clusters.map(clusterWeight) }),
  };
}

function isPlain({ requestHeaders, responseHeaders, hostRewrite: host, policies }: IrWeightedCluster): boolean {
  return [requestHeaders, responseHeaders, host, policies].every((own) => own === undefined);
}

function clusterWeight(ir: IrWeightedCluster): WeightedCluster_ClusterWeight {
  return {
    ...CLUSTER_WEIGHT,
    name: ir.name,
    weight: ir.weight,
    ...headerChanges(ir.requestHeaders, ir.responseHeaders),
    hostRewriteSpecifier:
      ir.hostRewrite === undefined ? undefined : { $case: "hostRewriteLiteral", value: ir.hostRewrite },
    typedPerFilterConfig: ir.policies === undefined ? {} : perFilterConfig(ir.policies),
  };
}

function mirrorPolicy({ cluster, percent }: { cluster: string; percent: number }): RouteAction_RequestMirrorPolicy {
  return RouteAction_RequestMirrorPolicy.fromPartial({
    cluster,
    runtimeFraction: {
      defaultValue: { numerator: percent, denominator: FractionalPercent_DenominatorType.HUNDRED },
    },
  });
}

function hashPolicy(ir: IrHash): RouteAction_HashPolicy {
  return { terminal: ir.terminal === true, policySpecifier: hashSource(ir) };
}

function hashSource(ir: IrHash): RouteAction_HashPolicy["policySpecifier"] {
  switch (ir.source) {
    case "header":
      return { $case: "header", value: { headerName: ir.name, regexRewrite: undefined } };
    case "query":
      return { $case: "queryParameter", value: { name: ir.name } };
    case "address":
      return { $case: "connectionProperties", value: { sourceIp: true } };
    case "cookie":
      // A life of 0 seconds is a cookie of the session.
      return { $case: "cookie", value: { name: ir.name, ttl: duration(0), path: "/", attributes: [] } };
    default:
      return unreachable(ir);
  }
}

function pathRewrite(ir: IrPathRewrite | undefined): Partial<RouteAction> {
  if (ir === undefined) return {};
  if (ir.type === "prefix") return { prefixRewrite: ir.value };
  const { pattern, substitution } = ir;
  return { regexRewrite: { pattern: { regex: pattern, engineType: undefined }, substitution } };
}

function hostRewrite(ir: IrHostRewrite | undefined): RouteAction["hostRewriteSpecifier"] {
  if (ir === undefined) return undefined;
  return ir.type === "literal"
    ? { $case: "hostRewriteLiteral", value: ir.value }
    : { $case: "hostRewriteHeader", value: ir.name };
}

function websocket(enabled: boolean): RouteAction_UpgradeConfig {
  return { upgradeType: "websocket", enabled, connectConfig: undefined };
}

function internalRedirect(ir: IrInternalRedirect): InternalRedirectPolicy {
  return {
    maxInternalRedirects: ir.most,
    redirectResponseCodes: [...ir.codes],
    allowCrossSchemeRedirect: ir.crossScheme !== "never",
    predicates: [
      ...(ir.crossScheme === "safeOnly" ? [predicate("safe_cross_scheme", "SafeCrossSchemeConfig")] : []),
      ...(ir.denyRepeatedRoute ? [predicate("previous_routes", "PreviousRoutesConfig")] : []),
    ],
    responseHeadersToCopy: [],
  };
}

function predicate(name: string, message: string): InternalRedirectPolicy["predicates"][number] {
  const type = `envoy.extensions.internal_redirect.${name}.v3.${message}`;
  return { name: `envoy.internal_redirect_predicates.${name}`, typedConfig: packEmpty(type) };
}
