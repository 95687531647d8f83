import { CircuitBreakers } from "#proto/envoy/config/cluster/v3/circuit_breaker.ts";
import {
  Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
} from "#proto/envoy/config/cluster/v3/cluster.ts";
import { OutlierDetection } from "#proto/envoy/config/cluster/v3/outlier_detection.ts";
import { HealthCheck } from "#proto/envoy/config/core/v3/health_check.ts";
import { ClusterLoadAssignment } from "#proto/envoy/config/endpoint/v3/endpoint.ts";
import { TransportSocket } from "#proto/envoy/config/core/v3/base.ts";
import { UpstreamTlsContext } from "#proto/envoy/extensions/transport_sockets/tls/v3/tls.ts";
import { HttpProtocolOptions } from "#proto/envoy/extensions/upstreams/http/v3/http_protocol_options.ts";
import type { IrCircuitBreaker, IrCluster, IrHealthCheck } from "#translate/ir.ts";
import { socketAddress } from "./address.ts";
import { ADS } from "./ads.ts";
import { packAny } from "./any.ts";
import { duration } from "./duration.ts";

/** What one connection may hold in memory before it is read no further (Envoy's edge best practices). */
const CONNECTION_BUFFER_BYTES = 32_768;

export function envoyCluster(ir: IrCluster): Cluster {
  return {
    ...COMMON,
    name: ir.name,
    connectTimeout: duration(ir.connectTimeout),
    circuitBreakers: circuitBreakers(ir.circuitBreaker),
    ...endpointsOf(ir),
    outlierDetection: ir.outlierDetection ? OUTLIER_DETECTION : undefined,
    healthChecks: ir.healthCheck === undefined ? [] : [healthCheck(ir.healthCheck, ir.protocol)],
    typedExtensionProtocolOptions: ir.protocol === "http2" ? HTTP2_OPTIONS : {},
    transportSocket: ir.tls ? upstreamTls(ir) : undefined,
  };
}

/** What all clusters have in common, made once: a copy of a message by `fromPartial` costs more than its encoding. */
const COMMON = Cluster.fromPartial({
  lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
  // A removed endpoint goes at once, whatever its health check says.
  ignoreHealthOnHostRemoval: true,
  // No panic routing: to send to endpoints that are known to be dead hides the fault and helps nobody.
  commonLbConfig: { healthyPanicThreshold: { value: 0 } },
});

const DISCOVERED = {
  clusterDiscoveryType: { $case: "type", value: Cluster_DiscoveryType.EDS },
  edsClusterConfig: { edsConfig: ADS, serviceName: "" },
} as const satisfies Partial<Cluster>;

function endpointsOf(ir: IrCluster): Partial<Cluster> {
  if (ir.endpoints.from === "discovery") return DISCOVERED;
  return {
    clusterDiscoveryType: { $case: "type", value: Cluster_DiscoveryType.STRICT_DNS },
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    respectDnsTtl: true,
    loadAssignment: ClusterLoadAssignment.fromPartial({
      clusterName: ir.name,
      endpoints: [
        {
          lbEndpoints: ir.endpoints.hosts.map(({ host, port }) => ({
            hostIdentifier: { $case: "endpoint", value: { address: socketAddress(host, port), hostname: host } },
          })),
        },
      ],
    }),
  };
}

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

const HTTP2_OPTIONS = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packAny(
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    HttpProtocolOptions,
    HttpProtocolOptions.fromPartial({
      upstreamProtocolOptions: {
        $case: "explicitHttpConfig",
        value: { protocolConfig: { $case: "http2ProtocolOptions", value: {} } },
      },
    }),
  ),
};

/** Retries are limited to a share of what is in flight, so that they never double the load of an ailing upstream. */
const RETRY_BUDGET = { budgetPercent: { value: 20 }, minRetryConcurrency: 10 };

function circuitBreakers(ir: IrCircuitBreaker): CircuitBreakers {
  return Object.values(ir).some((limit) => limit !== undefined) ? limitedCircuitBreakers(ir) : DEFAULT_CIRCUIT_BREAKERS;
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

function healthCheck(ir: IrHealthCheck, protocol: IrCluster["protocol"]): HealthCheck {
  return HealthCheck.fromPartial({
    timeout: duration(ir.timeout),
    interval: duration(ir.interval),
    // Without this an idle cluster is checked once a minute, and its health is as old.
    noTrafficInterval: duration(ir.interval),
    healthyThreshold: ir.healthyThreshold,
    unhealthyThreshold: ir.unhealthyThreshold,
    healthChecker: {
      $case: "httpHealthCheck",
      value: { path: ir.path, host: "binnacle-health-check", codecClientType: protocol === "http2" ? 1 : 0 },
    },
  });
}

/** TLS without verification of the peer, as Contour's `upstream-protocol.tls` means it. */
function upstreamTls(ir: IrCluster): TransportSocket {
  const sni = ir.endpoints.from === "dns" ? (ir.endpoints.hosts[0]?.host ?? "") : "";
  const context = UpstreamTlsContext.fromPartial({
    sni,
    commonTlsContext: { alpnProtocols: ir.protocol === "http2" ? ["h2"] : ["http/1.1"] },
  });
  return TransportSocket.fromPartial({
    name: "envoy.transport_sockets.tls",
    configType: {
      $case: "typedConfig",
      value: packAny("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", UpstreamTlsContext, context),
    },
  });
}
