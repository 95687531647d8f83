import { CircuitBreakers } from "#proto/envoy/config/cluster/v3/circuit_breaker.ts";
import type { Cluster } from "#proto/envoy/config/cluster/v3/cluster.ts";
import type { TransportSocket } from "#proto/envoy/config/core/v3/base.ts";
import { UpstreamTlsContext } from "#proto/envoy/extensions/transport_sockets/tls/v3/tls.ts";
import type { IrGateway, IrGatewayTls } from "#translate/ir.ts";
import { COMMON, packProtocolOptions } from "./cluster.ts";
import { healthChecks } from "./cluster-health.ts";
import { duration } from "./duration.ts";
import { tlsSocket, verified } from "./upstream-tls.ts";

/** Each tunnel is a request to the gateway; what bounds them are the limits of the upstreams in them. */
const NO_LIMIT = 1_000_000;
const CIRCUIT_BREAKERS = CircuitBreakers.fromPartial({
  thresholds: [{ maxConnections: NO_LIMIT, maxPendingRequests: NO_LIMIT, maxRequests: NO_LIMIT }],
});

const CHECK_INTERVAL_MS = 5_000;
/** A connection that many tunnels share must not stand there dead. */
const KEEPALIVE_MS = { interval: 10_000, timeout: 5_000 } as const;

/** A gateway as Envoy's cluster: whether it takes connections is looked at all the time, and an address that does not is left out. */
export function gatewayCluster({ name, protocol, tls, connectTimeout }: IrGateway): Cluster {
  const health = {
    path: undefined,
    interval: CHECK_INTERVAL_MS,
    timeout: connectTimeout,
    healthyThreshold: 1,
    unhealthyThreshold: 2,
  };
  return {
    ...COMMON,
    name,
    connectTimeout: duration(connectTimeout),
    circuitBreakers: CIRCUIT_BREAKERS,
    healthChecks: healthChecks(health, "http1"),
    typedExtensionProtocolOptions: protocol === "http1" ? {} : HTTP2,
    transportSocket: tls === undefined ? undefined : gatewayTls(tls, protocol),
  };
}

const HTTP2 = packProtocolOptions({
  upstreamProtocolOptions: {
    $case: "explicitHttpConfig",
    value: {
      protocolConfig: {
        $case: "http2ProtocolOptions",
        value: {
          connectionKeepalive: {
            interval: duration(KEEPALIVE_MS.interval),
            timeout: duration(KEEPALIVE_MS.timeout),
          },
        },
      },
    },
  },
});

function gatewayTls(
  { authorities, serverName, client }: IrGatewayTls,
  protocol: IrGateway["protocol"],
): TransportSocket {
  return tlsSocket(
    UpstreamTlsContext.fromPartial({
      sni: serverName,
      commonTlsContext: {
        alpnProtocols: protocol === "http2" ? ["h2"] : ["http/1.1"],
        tlsCertificates: client === undefined ? [] : [pair(client)],
        validationContextType: { $case: "validationContext", value: verified({ authorities, names: [serverName] }) },
      },
    }),
  );
}

function pair({ chain, privateKey }: NonNullable<IrGatewayTls["client"]>) {
  return {
    certificateChain: { specifier: { $case: "inlineString", value: chain } },
    privateKey: { specifier: { $case: "inlineString", value: privateKey } },
  } as const;
}
