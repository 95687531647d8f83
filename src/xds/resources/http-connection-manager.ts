import type { AccessLog } from "#proto/envoy/config/accesslog/v3/accesslog.ts";
import { HttpProtocolOptions_HeadersWithUnderscoresAction } from "#proto/envoy/config/core/v3/protocol.ts";
import { Filter } from "#proto/envoy/config/listener/v3/listener_components.ts";
import {
  HttpConnectionManager,
  HttpConnectionManager_CodecType,
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
} from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import type { IrRateLimitService, TlsClientPolicy } from "#translate/ir-listener.ts";
import type { IrJwtProvider } from "#translate/ir-jwt.ts";
import { ADS } from "./ads.ts";
import { packAny } from "./any.ts";
import { duration } from "./duration.ts";
import { filterChain } from "./http-filters.ts";

export interface HttpSettings {
  readonly routeTable: string;
  /** Undefined: nobody is asked about global limits. */
  readonly rateLimit: IrRateLimitService | undefined;
  /** Undefined: clients show no certificates, and what they say of some is dropped. */
  readonly clients: TlsClientPolicy | undefined;
  /** Whose tokens routes may ask for; undefined: nobody's. */
  readonly tokens: readonly IrJwtProvider[] | undefined;
  /** HTTP/3, and nothing else; otherwise what the connection begins with. */
  readonly http3: boolean;
  /** First part of the names of Envoy's statistics: the listener's name. */
  readonly statPrefix: string;
  readonly trustedHops: number;
  /** Milliseconds without a byte until a stream is ended. */
  readonly streamIdleTimeout: number;
  readonly accessLogs: readonly AccessLog[];
}

const CONNECTION_IDLE_MS = 3_600_000;
/** Headers that take longer are an attack on the number of connections (Slowloris), not a slow client. */
const HEADERS_TIMEOUT_MS = 10_000;
const STREAMS = 100;
const STREAM_WINDOW = 65_536;
const CONNECTION_WINDOW = 1_048_576;
const HTTP2 = {
  maxConcurrentStreams: STREAMS,
  initialStreamWindowSize: STREAM_WINDOW,
  initialConnectionWindowSize: CONNECTION_WINDOW,
};
const HTTP3 = {
  quicProtocolOptions: {
    maxConcurrentStreams: STREAMS,
    initialStreamWindowSize: STREAM_WINDOW,
    initialConnectionWindowSize: CONNECTION_WINDOW,
  },
};

/**
 * The HTTP filter of a listener, with the settings that Envoy's "Configuring Envoy as an edge proxy" asks for: the client's
 * address is the connection's, paths are normalised before routing, ambiguous requests are refused.
 */
export function httpConnectionManager(settings: HttpSettings): Filter {
  const manager = HttpConnectionManager.fromPartial({
    codecType: settings.http3 ? HttpConnectionManager_CodecType.HTTP3 : HttpConnectionManager_CodecType.AUTO,
    statPrefix: settings.statPrefix,
    routeSpecifier: { $case: "rds", value: { configSource: ADS, routeConfigName: settings.routeTable } },
    httpFilters: filterChain(settings.rateLimit, settings.tokens),
    accessLog: [...settings.accessLogs],
    ...clientDetails(settings.clients),
    useRemoteAddress: true,
    xffNumTrustedHops: settings.trustedHops,
    // No address is internal (an empty list would mean the private ranges): the x-envoy-* headers of a client are never obeyed.
    internalAddressConfig: { unixSockets: false, cidrRanges: [{ addressPrefix: "255.255.255.255", prefixLen: 32 }] },
    // `shop.test.` is `shop.test` (RFC 1034 §3.1).
    stripTrailingHostDot: true,
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
    commonHttpProtocolOptions: {
      idleTimeout: duration(CONNECTION_IDLE_MS),
      headersWithUnderscoresAction: HttpProtocolOptions_HeadersWithUnderscoresAction.REJECT_REQUEST,
    },
    ...(settings.http3 ? { http3ProtocolOptions: HTTP3 } : { http2ProtocolOptions: HTTP2 }),
    streamIdleTimeout: duration(settings.streamIdleTimeout),
    requestHeadersTimeout: duration(HEADERS_TIMEOUT_MS),
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    upgradeConfigs: [{ upgradeType: "websocket" }],
  });
  return Filter.fromPartial({
    name: "envoy.filters.network.http_connection_manager",
    configType: {
      $case: "typedConfig",
      value: packAny(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        HttpConnectionManager,
        manager,
      ),
    },
  });
}

/** X-Forwarded-Client-Cert is the connection's own: what a client sends under this name never passes. */
function clientDetails(clients: TlsClientPolicy | undefined): Partial<HttpConnectionManager> {
  if (clients === undefined || clients.forward.length === 0) return {};
  const asked = new Set<string>(clients.forward);
  return {
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
    setCurrentClientCertDetails: {
      subject: asked.has("subject"),
      cert: asked.has("cert"),
      chain: asked.has("chain"),
      dns: asked.has("dns"),
      uri: asked.has("uri"),
    },
  };
}
