import { CircuitBreakers } from "#proto/envoy/config/cluster/v3/circuit_breaker.ts";
import {
  Cluster,
  Cluster_CommonLbConfig,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  Cluster_LeastRequestLbConfig,
  Cluster_RoundRobinLbConfig,
  Cluster_SlowStartConfig,
} from "#proto/envoy/config/cluster/v3/cluster.ts";
import { Metadata, type TransportSocket } from "#proto/envoy/config/core/v3/base.ts";
import { OutlierDetection } from "#proto/envoy/config/cluster/v3/outlier_detection.ts";
import { HttpProtocolOptions } from "#proto/envoy/extensions/upstreams/http/v3/http_protocol_options.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrCircuitBreaker, IrCluster, IrSlowStart } from "#translate/ir.ts";
import { ADS } from "./ads.ts";
import { packAny } from "./any.ts";
import { healthChecks } from "./cluster-health.ts";
import { compressionFilters } from "./compression.ts";
import { duration } from "./duration.ts";
import { tunnelSocket } from "./tunnel-socket.ts";
import { upstreamTls } from "./upstream-tls.ts";

/** What one connection may hold in memory before it is read no further (Envoy's edge best practices). */
const CONNECTION_BUFFER_BYTES = 32_768;

export function envoyCluster(ir: IrCluster): Cluster {
  return {
    ...COMMON,
    name: ir.name,
    connectTimeout: duration(ir.connectTimeout),
    circuitBreakers: circuitBreakers(ir),
    outlierDetection: outlierDetection(ir),
    ...(isOrdered(ir) ? { commonLbConfig: AT_ONCE } : {}),
    ...(ir.shares === undefined ? {} : { commonLbConfig: BY_SHARES }),
    healthChecks: healthChecks(ir.healthCheck, ir.protocol),
    typedExtensionProtocolOptions: protocolOptions(ir),
    ...loadBalancing(ir),
    transportSocket: transportSocket(ir),
    ...(ir.gateways === undefined || ir.gateways.length === 0 ? {} : { metadata: throughGateways(ir.gateways) }),
  };
}

/** Whether some of its endpoints take over from others. */
function isOrdered({ fallbacks, zones }: IrCluster): boolean {
  return fallbacks !== undefined || zones !== undefined;
}

/** No panic routing: to send to endpoints that are known to be dead hides the fault and helps nobody. */
const NO_PANIC = { healthyPanicThreshold: { value: 0 } } as const;

/**
 * Nobody reads it: a cluster whose endpoints go another way is another cluster, so that Envoy makes new connections, and the requests on
 * those before end well.
 */
function throughGateways(names: readonly string[]): Metadata {
  return Metadata.fromPartial({ filterMetadata: { "binnacle.gateways": { names: [...names] } } });
}

/**
 * Also where no endpoint is behind a gateway yet: when one comes, Envoy connects to it while the cluster is the one before for some
 * milliseconds, and one that knows nothing of gateways would send its requests there as if that were the endpoint.
 */
function transportSocket(ir: IrCluster): TransportSocket | undefined {
  const own = ir.tls ? upstreamTls(ir) : undefined;
  return ir.gateways === undefined ? own : tunnelSocket(own);
}

/** What all clusters have in common, made once: a copy of a message by `fromPartial` costs more than its encoding. */
export const COMMON = Cluster.fromPartial({
  // Of names, too: they are resolved here, so that Envoy is given no address that has not been looked at.
  clusterDiscoveryType: { $case: "type", value: Cluster_DiscoveryType.EDS },
  edsClusterConfig: { edsConfig: ADS, serviceName: "" },
  lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
  // A removed endpoint goes at once, whatever its health check says.
  ignoreHealthOnHostRemoval: true,
  commonLbConfig: NO_PANIC,
});

/** Envoy tells its load balancers of health once a second unless told otherwise: a second of requests for the dead. */
const AT_ONCE = Cluster_CommonLbConfig.fromPartial({ ...NO_PANIC, updateMergeWindow: duration(0) });

/** An upstream's part is its locality's, and as much of it as there are healthy endpoints for: the others get the rest. */
const BY_SHARES: Cluster_CommonLbConfig = {
  ...AT_ONCE,
  localityConfigSpecifier: { $case: "localityWeightedLbConfig", value: {} },
};

/**
 * Only what tells a broken endpoint from a broken program: failed connections and gateway errors. Plain 5xx answers of
 * all endpoints would eject them one after the other for a fault that no other endpoint is free of.
 */
const OUTLIER_DETECTION = OutlierDetection.fromPartial({
  splitExternalLocalOriginErrors: true,
  enforcingConsecutive5xx: 0,
  consecutiveGatewayFailure: 5,
  enforcingConsecutiveGatewayFailure: 100,
  consecutiveLocalOriginFailure: 5,
  enforcingConsecutiveLocalOriginFailure: 100,
  enforcingSuccessRate: 0,
  enforcingLocalOriginSuccessRate: 0,
  interval: duration(5_000),
  baseEjectionTime: duration(15_000),
  maxEjectionPercent: 50,
});

/** Where others take over, all endpoints of one upstream may go: half of them kept would go on getting requests to fail. */
const EJECTS_ALL: OutlierDetection = { ...OUTLIER_DETECTION, maxEjectionPercent: 100 };

function outlierDetection(ir: IrCluster): OutlierDetection | undefined {
  if (!ir.outlierDetection) return undefined;
  return isOrdered(ir) || ir.shares !== undefined ? EJECTS_ALL : OUTLIER_DETECTION;
}

const HTTP2 = { protocolConfig: { $case: "http2ProtocolOptions", value: {} } } as const;
const HTTP1 = { protocolConfig: { $case: "httpProtocolOptions", value: {} } } as const;

/** Most clusters need none, and what all HTTP/2 clusters need is made once. */
function protocolOptions({ protocol, idleTimeout, compression }: IrCluster): Cluster["typedExtensionProtocolOptions"] {
  if (idleTimeout === undefined && compression === undefined) return protocol === "http2" ? HTTP2_OPTIONS : {};
  return packProtocolOptions({
    ...(idleTimeout === undefined ? {} : { commonHttpProtocolOptions: { idleTimeout: duration(idleTimeout) } }),
    upstreamProtocolOptions: { $case: "explicitHttpConfig", value: protocol === "http2" ? HTTP2 : HTTP1 },
    ...(compression === undefined ? {} : { httpFilters: [...compressionFilters(compression)] }),
  });
}

const HTTP2_OPTIONS = packProtocolOptions({
  upstreamProtocolOptions: { $case: "explicitHttpConfig", value: HTTP2 },
});

export function packProtocolOptions(
  options: Parameters<typeof HttpProtocolOptions.fromPartial>[0],
): Cluster["typedExtensionProtocolOptions"] {
  const type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return { [type]: packAny(type, HttpProtocolOptions, HttpProtocolOptions.fromPartial(options)) };
}

function loadBalancing({ loadBalancing: policy, slowStart }: IrCluster): Partial<Cluster> {
  const config = slowStart === undefined ? undefined : { slowStartConfig: slowStartConfig(slowStart) };
  switch (policy) {
    case undefined:
      return config === undefined
        ? {}
        : { lbConfig: { $case: "roundRobinLbConfig", value: Cluster_RoundRobinLbConfig.fromPartial(config) } };
    case "leastRequest":
      return {
        lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
        lbConfig:
          config === undefined
            ? undefined
            : { $case: "leastRequestLbConfig", value: Cluster_LeastRequestLbConfig.fromPartial(config) },
      };
    case "random":
      return { lbPolicy: Cluster_LbPolicy.RANDOM };
    case "ringHash":
      return { lbPolicy: Cluster_LbPolicy.RING_HASH };
    default:
      return unreachable(policy);
  }
}

function slowStartConfig({ window, aggression, minimumPercent }: IrSlowStart): Cluster_SlowStartConfig {
  return Cluster_SlowStartConfig.fromPartial({
    slowStartWindow: duration(window),
    // Envoy wants a runtime key beside every such number; that one is never set.
    aggression: { defaultValue: aggression, runtimeKey: "binnacle.upstream.slow_start_aggression" },
    minWeightPercent: { value: minimumPercent },
  });
}

/** Retries are limited to a share of what is in flight, so that they never double the load of an ailing upstream. */
const RETRY_BUDGET = { budgetPercent: { value: 20 }, minRetryConcurrency: 10 };

/** Envoy's own limit of requests (CircuitBreakers.Thresholds.max_requests). */
const MOST_REQUESTS = 1024;

function circuitBreakers(ir: IrCluster): CircuitBreakers {
  const { circuitBreaker: limits } = ir;
  if (isOrdered(ir))
    return limitedCircuitBreakers({ ...limits, maxRetries: limits.maxRetries ?? retriesElsewhere(limits) });
  const isLimited = Object.values(limits).some((limit) => limit !== undefined);
  return isLimited ? limitedCircuitBreakers(limits) : DEFAULT_CIRCUIT_BREAKERS;
}

/**
 * Where others take over, a retry goes to them: it is no more load for those that ail, and the moment in which all endpoints of the
 * first refuse connections is one in which every request needs its retry.
 */
function retriesElsewhere({ maxRequests = MOST_REQUESTS }: IrCircuitBreaker): number {
  return maxRequests;
}

const DEFAULT_CIRCUIT_BREAKERS = CircuitBreakers.fromPartial({ thresholds: [{ retryBudget: RETRY_BUDGET }] });

function limitedCircuitBreakers(ir: IrCircuitBreaker): CircuitBreakers {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = ir;
  return CircuitBreakers.fromPartial({
    thresholds: [
      {
        maxConnections,
        maxPendingRequests,
        maxRequests,
        ...(maxRetries === undefined ? { retryBudget: RETRY_BUDGET } : { maxRetries }),
      },
    ],
    ...(ir.perHostMaxConnections === undefined
      ? {}
      : { perHostThresholds: [{ maxConnections: ir.perHostMaxConnections }] }),
  });
}
