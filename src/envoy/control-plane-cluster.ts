import { join } from "node:path";
import { anyType, type JsonObject, seconds } from "./json.ts";

/** Where Envoy finds one of the control plane's gRPC services. */
export type ControlPlaneAddress =
  | { readonly type: "socket"; readonly path: string }
  /** Another machine: TCP, and always with certificates on both sides. */
  | { readonly type: "tcp"; readonly host: string; readonly port: number; readonly tls: ControlPlaneTls };

/** Absolute paths of files on Envoy's machine. Envoy reads them again when one is moved into its folder. */
export interface ControlPlaneTls {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The folder of the certificate and the key: a rename in it is what makes Envoy read them again. */
  readonly certificateDirectory: string;
  readonly caFile: string;
  readonly caDirectory: string;
  /** A DNS name that the control plane's certificate must carry; it is also the SNI. */
  readonly serverName: string;
  /** Where {@link controlPlaneSecretFiles} are written. */
  readonly secretsDirectory: string;
}

/**
 * Pings find a peer that is there and does not answer (a hung process, a broken network path). They are patient: the
 * first load of a large home may keep the control plane's event loop for seconds, and cutting it off then makes it worse.
 */
const KEEPALIVE = { interval: seconds(30), timeout: seconds(20) } as const;

const CLIENT_SECRET = "binnacle_client";
const CA_SECRET = "binnacle_ca";

/** A cluster of one gRPC service of the control plane. */
export function controlPlaneCluster(name: string, address: ControlPlaneAddress): JsonObject {
  const { endpoint, ...rest } = connection(address);
  return {
    name,
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: endpoint } }] }],
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": anyType("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
        explicit_http_config: { http2_protocol_options: { connection_keepalive: KEEPALIVE } },
      },
    },
    ...rest,
  };
}

/**
 * The files that name the mTLS material, by absolute path: secrets come from files of their own because Envoy notices a
 * changed certificate only in a secret that it was told to discover. They hold paths, no key.
 */
export function controlPlaneSecretFiles(tls: ControlPlaneTls): Readonly<Record<string, JsonObject>> {
  return {
    [secretFile(tls, CA_SECRET)]: secret(CA_SECRET, {
      validation_context: {
        trusted_ca: { filename: tls.caFile },
        watched_directory: { path: tls.caDirectory },
        match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: tls.serverName } }],
      },
    }),
    [secretFile(tls, CLIENT_SECRET)]: secret(CLIENT_SECRET, {
      tls_certificate: {
        certificate_chain: { filename: tls.certificateFile },
        private_key: { filename: tls.keyFile },
        watched_directory: { path: tls.certificateDirectory },
      },
    }),
  };
}

function secret(name: string, body: JsonObject): JsonObject {
  return { resources: [{ "@type": anyType("envoy.extensions.transport_sockets.tls.v3.Secret"), name, ...body }] };
}

function connection(address: ControlPlaneAddress): JsonObject & { endpoint: JsonObject } {
  if (address.type === "socket") {
    return { type: "STATIC", connect_timeout: seconds(1), endpoint: { pipe: { path: address.path } } };
  }
  return {
    // A name is resolved by Envoy again and again, so that the control plane may move.
    type: "STRICT_DNS",
    connect_timeout: seconds(5),
    endpoint: { socket_address: { address: address.host, port_value: address.port } },
    upstream_connection_options: { tcp_keepalive: { keepalive_time: 30, keepalive_interval: 10, keepalive_probes: 3 } },
    transport_socket: {
      name: "envoy.transport_sockets.tls",
      typed_config: {
        "@type": anyType("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
        sni: address.tls.serverName,
        common_tls_context: {
          alpn_protocols: ["h2"],
          tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
          tls_certificate_sds_secret_configs: [secretConfig(address.tls, CLIENT_SECRET)],
          validation_context_sds_secret_config: secretConfig(address.tls, CA_SECRET),
        },
      },
    },
  };
}

function secretConfig(tls: ControlPlaneTls, name: string): JsonObject {
  return {
    name,
    sds_config: {
      path_config_source: { path: secretFile(tls, name), watched_directory: { path: tls.secretsDirectory } },
      resource_api_version: "V3",
    },
  };
}

function secretFile(tls: ControlPlaneTls, name: string): string {
  return join(tls.secretsDirectory, `${name}.json`);
}
