import { TransportSocket } from "#proto/envoy/config/core/v3/base.ts";
import type { TlsPolicy, TlsVersion } from "#translate/ir-listener.ts";
import { packStruct, typeUrlOf } from "./any.ts";

/**
 * The secret that is asked for when a client sends no server name (IP addresses, very old ones): nothing has this name, so
 * that the catch-all host's certificate answers it. `*` itself would subscribe to everything (xDS: "wildcard" subscriptions).
 */
const NO_SERVER_NAME = "no-server-name";

const ADS_JSON = { ads: {}, resource_api_version: "V3" };

const BY_SERVER_NAME = {
  name: "envoy.tls.certificate_selectors.on_demand_secret",
  typed_config: {
    "@type": typeUrlOf("envoy.extensions.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config"),
    config_source: ADS_JSON,
    certificate_mapper: {
      name: "envoy.tls.certificate_mappers.sni",
      typed_config: {
        "@type": typeUrlOf("envoy.extensions.transport_sockets.tls.cert_mappers.sni.v3.SNI"),
        default_value: NO_SERVER_NAME,
      },
    },
  },
};

/**
 * TLS of an HTTPS chain. Certificates are fetched by the server name of each handshake (Envoy: on-demand secret selector
 * with the SNI mapper), so that one more host is one more secret and no change of the listener. The selector does not work
 * with session resumption and demands that both kinds are off.
 *
 * @param certificate the name of the secret for all handshakes of the chain
 */
export function downstreamTls(policy: TlsPolicy, certificate: string | undefined): TransportSocket {
  return transportSocket(
    "envoy.transport_sockets.tls",
    "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    tlsContext(policy, certificate, ["h2", "http/1.1"]),
  );
}

/** TLS of a chain of HTTP/3. It is TLS 1.3 always (RFC 9001 §4.2). */
export function quicTls(certificate: string | undefined): TransportSocket {
  return transportSocket(
    "envoy.transport_sockets.quic",
    "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
    { downstream_tls_context: tlsContext({ minimumVersion: "1.3", maximumVersion: "1.3" }, certificate, ["h3"]) },
  );
}

function tlsContext(
  policy: TlsPolicy,
  certificate: string | undefined,
  protocols: readonly string[],
): Record<string, unknown> {
  return {
    common_tls_context: {
      alpn_protocols: protocols,
      tls_params: {
        tls_minimum_protocol_version: protocolVersion(policy.minimumVersion),
        tls_maximum_protocol_version: protocolVersion(policy.maximumVersion),
      },
      ...(policy.client === undefined
        ? {}
        : { validation_context_sds_secret_config: { name: policy.client.validation, sds_config: ADS_JSON } }),
      ...(certificate === undefined
        ? { custom_tls_certificate_selector: BY_SERVER_NAME }
        : { tls_certificate_sds_secret_configs: [{ name: certificate, sds_config: ADS_JSON }] }),
    },
    ...(policy.client === undefined ? {} : { require_client_certificate: !policy.client.optional }),
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
  };
}

function transportSocket(name: string, type: string, config: Record<string, unknown>): TransportSocket {
  return TransportSocket.fromPartial({ name, configType: { $case: "typedConfig", value: packStruct(type, config) } });
}

function protocolVersion(version: TlsVersion): string {
  return version === "1.3" ? "TLSv1_3" : "TLSv1_2";
}
