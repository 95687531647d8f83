import { Listener } from "#proto/envoy/config/listener/v3/listener.ts";
import {
  type DeepPartial,
  type FilterChain,
  ListenerFilter,
} from "#proto/envoy/config/listener/v3/listener_components.ts";
import { ProxyProtocol } from "#proto/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.ts";
import { TlsInspector } from "#proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.ts";
import { TcpProxy } from "#proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.ts";
import { unreachable } from "#lib/unreachable.ts";
import type {
  IrListener,
  IrRateLimitService,
  IrTcpCluster,
  IrTlsChain,
  TlsClientPolicy,
} from "#translate/ir-listener.ts";
import { accessLoggers, type AccessLogSettings } from "./access-log.ts";
import { socketAddress } from "./address.ts";
import { type MessageCodec, packAny, packStruct, typeUrlOf } from "./any.ts";
import { downstreamTls, quicTls } from "./downstream-tls.ts";
import { duration } from "./duration.ts";
import { type HttpSettings, httpConnectionManager } from "./http-connection-manager.ts";
import { serverNameMatcher } from "./server-name-matcher.ts";

/** What all listeners have from the configuration. */
export interface ListenerDefaults {
  readonly streamIdleTimeout: number;
  /** Undefined: no request is logged or counted; for checks that never reach an Envoy. */
  readonly accessLog: AccessLogSettings | undefined;
}

/** A handshake that takes longer holds a connection for nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Envoy's edge best practices. */
const CONNECTION_BUFFER_BYTES = 32_768;

export function envoyListener(ir: IrListener, defaults: ListenerDefaults): Listener {
  const common: DeepPartial<Listener> = {
    name: ir.name,
    address: socketAddress(ir.address, ir.port, isUdp(ir) ? "udp" : "tcp"),
  };
  const tcp: DeepPartial<Listener> = { ...common, perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES };
  const proxyProtocol = ir.proxyProtocol ? [PROXY_PROTOCOL] : [];
  const http = (
    routeTable: string,
    rateLimit: IrRateLimitService | undefined,
    clients: TlsClientPolicy | undefined,
    tokens: IrTlsChain["jwt"],
  ): HttpSettings => ({
    routeTable,
    rateLimit,
    clients,
    tokens,
    http3: ir.serves.protocol === "http3",
    statPrefix: ir.name,
    trustedHops: ir.trustedHops,
    streamIdleTimeout: defaults.streamIdleTimeout,
    accessLogs: defaults.accessLog === undefined ? [] : accessLoggers(defaults.accessLog, ir.name),
  });
  const { serves } = ir;
  const chainFilter = ({
    serverNames,
    policy,
    routeTable,
    tcp: clusters,
    jwt,
  }: IrTlsChain): DeepPartial<FilterChain["filters"][number]> => {
    if (clusters !== undefined) return tcpProxy(streamStat(ir.name, serverNames), clusters);
    const { rateLimit } = serves.protocol === "https" || serves.protocol === "http3" ? serves : {};
    return httpConnectionManager(
      http(routeTable, rateLimit, policy === "passthrough" ? undefined : policy.client, jwt),
    );
  };
  switch (serves.protocol) {
    case "http":
      return Listener.fromPartial({
        ...tcp,
        listenerFilters: proxyProtocol,
        filterChains: [
          {
            name: ir.name,
            filters: [httpConnectionManager(http(serves.routeTable, serves.rateLimit, undefined, undefined))],
          },
        ],
      });
    case "https":
      return Listener.fromPartial({
        ...tcp,
        listenerFilters: [...proxyProtocol, TLS_INSPECTOR],
        filterChainMatcher: serverNameMatcher(serves.chains),
        filterChains: serves.chains.map((chain): DeepPartial<FilterChain> => ({
          name: chain.name,
          ...(chain.policy === "passthrough"
            ? {}
            : {
                transportSocket: downstreamTls(chain.policy, chain.certificate),
                transportSocketConnectTimeout: duration(HANDSHAKE_TIMEOUT_MS),
              }),
          filters: [chainFilter(chain)],
        })),
      });
    case "http3":
      return Listener.fromPartial({
        ...common,
        udpListenerConfig: { quicOptions: {}, downstreamSocketConfig: { preferGro: true } },
        filterChainMatcher: serverNameMatcher(serves.chains),
        filterChains: serves.chains.map((chain): DeepPartial<FilterChain> => ({
          name: chain.name,
          transportSocket: quicTls(chain.certificate),
          filters: [chainFilter(chain)],
        })),
      });
    case "tcp":
      return Listener.fromPartial({
        ...tcp,
        listenerFilters: proxyProtocol,
        filterChains: [
          {
            name: ir.name,
            filters: [
              tcpProxy(streamStat(ir.name), serves.cluster === "" ? [] : [{ name: serves.cluster, weight: 1 }]),
            ],
          },
        ],
      });
    case "udp":
      return Listener.fromPartial({
        ...common,
        udpListenerConfig: {},
        listenerFilters: [udpProxy(streamStat(ir.name), serves.cluster)],
      });
    default:
      return unreachable(serves);
  }
}

function isUdp({ serves: { protocol } }: IrListener): boolean {
  return protocol === "udp" || protocol === "http3";
}

const PROXY_PROTOCOL = listenerFilter(
  "envoy.filters.listener.proxy_protocol",
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
  ProxyProtocol,
  ProxyProtocol.fromPartial({}),
);

const TLS_INSPECTOR = listenerFilter(
  "envoy.filters.listener.tls_inspector",
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  TlsInspector,
  TlsInspector.fromPartial({}),
);

function listenerFilter<T>(name: string, type: string, codec: MessageCodec<T>, message: T): ListenerFilter {
  return ListenerFilter.fromPartial({
    name,
    configType: { $case: "typedConfig", value: packAny(type, codec, message) },
  });
}

/** A cluster that does not exist closes the connection: what a listener without a Service does. */
const NO_CLUSTER = "none";

/**
 * What Envoy's counters of forwarded connections are called (`tcp.<this>.downstream_cx_total`): the listener, and the server
 * names where only theirs are forwarded.
 */
export function streamStat(listener: string, serverNames: readonly string[] = []): string {
  return [listener, ...serverNames].join("/");
}

function tcpProxy(statPrefix: string, clusters: readonly IrTcpCluster[]): DeepPartial<FilterChain["filters"][number]> {
  const type = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
  const [first = { name: NO_CLUSTER }, second] = clusters;
  const proxy = TcpProxy.fromPartial({
    statPrefix,
    clusterSpecifier:
      second === undefined
        ? { $case: "cluster", value: first.name }
        : { $case: "weightedClusters", value: { clusters: clusters.map(({ name, weight }) => ({ name, weight })) } },
  });
  return {
    name: "envoy.filters.network.tcp_proxy",
    configType: { $case: "typedConfig", value: packAny(type, TcpProxy, proxy) },
  };
}

function udpProxy(statPrefix: string, cluster: string): ListenerFilter {
  return ListenerFilter.fromPartial({
    name: "envoy.filters.udp_listener.udp_proxy",
    configType: {
      $case: "typedConfig",
      value: packStruct("envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig", {
        stat_prefix: statPrefix,
        matcher: {
          on_no_match: {
            action: {
              name: "route",
              typed_config: {
                "@type": typeUrlOf("envoy.extensions.filters.udp.udp_proxy.v3.Route"),
                cluster: cluster || NO_CLUSTER,
              },
            },
          },
        },
      }),
    },
  });
}
