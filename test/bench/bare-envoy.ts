import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { anyType, type JsonObject } from "#envoy/json.ts";
import { overloadManager } from "#envoy/overload.ts";
import { requiredBinary } from "../integration/support/required-binary.ts";
import { ChildProgram } from "./child-program.ts";

/** Envoy with a configuration written by hand: no control plane, nothing logged. */
export async function startBareEnvoy(
  directory: string,
  name: string,
  config: JsonObject,
  options: readonly string[] = [],
): Promise<ChildProgram> {
  const file = join(directory, `${name}.json`);
  await writeFile(file, JSON.stringify(config));
  const args = ["--config-path", file, "--use-dynamic-base-id", "--log-level", "error", ...options];
  return new ChildProgram(requiredBinary("BINNACLE_ENVOY"), args);
}

/** An upstream that costs next to nothing: every request is answered on the spot. */
export function answeringEnvoy(port: number, body: string): JsonObject {
  const route = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: body } } };
  return { static_resources: { listeners: [listener(port, manager("*", route))] } };
}

/**
 * One host that is forwarded to one endpoint, as somebody writes it who has read "Configuring Envoy as an edge proxy": the
 * safety settings are those of the appliance (listener, retries, cluster, overload manager), and Envoy's own statistics are
 * as they come.
 */
export function forwardingEnvoy(port: number, host: string, upstreamPort: number): JsonObject {
  const route = {
    match: { prefix: "/" },
    route: {
      cluster: "app",
      timeout: "15s",
      retry_policy: {
        retry_on: "connect-failure,refused-stream,reset-before-request",
        num_retries: 1,
        retry_host_predicate: [
          {
            name: "envoy.retry_host_predicates.previous_hosts",
            typed_config: {
              "@type": anyType("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
            },
          },
        ],
        host_selection_retry_max_attempts: 3,
      },
    },
  };
  const address = { socket_address: { address: "127.0.0.1", port_value: upstreamPort } };
  const cluster = {
    name: "app",
    type: "STATIC",
    connect_timeout: "2s",
    per_connection_buffer_limit_bytes: CONNECTION_BUFFER_BYTES,
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
    circuit_breakers: { thresholds: [{ retry_budget: { budget_percent: { value: 20 }, min_retry_concurrency: 10 } }] },
    ignore_health_on_host_removal: true,
    outlier_detection: {
      split_external_local_origin_errors: true,
      enforcing_consecutive_5xx: 0,
      consecutive_gateway_failure: 5,
      enforcing_consecutive_gateway_failure: 100,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
      interval: "5s",
      base_ejection_time: "15s",
      max_ejection_percent: 50,
    },
    load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
  return {
    static_resources: { listeners: [listener(port, manager(host, route))], clusters: [cluster] },
    overload_manager: overloadManager({ maxHeapBytes: 2 ** 33, maxConnections: 50_000 }),
  };
}

const CONNECTION_BUFFER_BYTES = 32_768;

function listener(port: number, filter: JsonObject): JsonObject {
  return {
    name: "http",
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    per_connection_buffer_limit_bytes: CONNECTION_BUFFER_BYTES,
    filter_chains: [{ filters: [filter] }],
  };
}

function manager(host: string, route: JsonObject): JsonObject {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": anyType("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
      stat_prefix: "http",
      route_config: { name: "http", virtual_hosts: [{ name: "app", domains: [host], routes: [route] }] },
      http_filters: [{ name: "envoy.filters.http.router", typed_config: ROUTER }],
      use_remote_address: true,
      internal_address_config: { cidr_ranges: [{ address_prefix: "255.255.255.255", prefix_len: 32 }] },
      strip_trailing_host_dot: true,
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: "UNESCAPE_AND_REDIRECT",
      common_http_protocol_options: { idle_timeout: "3600s", headers_with_underscores_action: "REJECT_REQUEST" },
      http2_protocol_options: {
        max_concurrent_streams: 100,
        initial_stream_window_size: 65_536,
        initial_connection_window_size: 1_048_576,
      },
      stream_idle_timeout: "300s",
      request_headers_timeout: "10s",
      server_header_transformation: "PASS_THROUGH",
      upgrade_configs: [{ upgrade_type: "websocket" }],
    },
  };
}

const ROUTER: JsonObject = {
  "@type": anyType("envoy.extensions.filters.http.router.v3.Router"),
  suppress_envoy_headers: true,
};
