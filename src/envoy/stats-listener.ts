import { uriHost } from "#lib/host-port.ts";
import { anyType, type JsonObject, seconds } from "./json.ts";

export const ADMIN_CLUSTER = "binnacle_admin";
/** Of the listener's own statistics: scrapes are told from traffic by it. */
export const STATS_PREFIX = "binnacle_stats";

/**
 * The listener that Prometheus scrapes. It hands exactly two read-only pages of the admin interface through and nothing
 * else, so that scraping needs neither the control plane nor access to the admin socket, which can stop Envoy.
 *
 * Only Hosts that name the listener are served: a page in a browser on this machine that rebinds a name of its own to
 * 127.0.0.1 gets 403.
 */
export function statsListener(address: string, port: number): JsonObject {
  return {
    name: STATS_PREFIX,
    stat_prefix: STATS_PREFIX,
    address: { socket_address: { address, port_value: port } },
    // What happens under overload is what one wants to see.
    bypass_overload_manager: true,
    ignore_global_conn_limit: true,
    traffic_direction: "INBOUND",
    filter_chains: [
      { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager(address, port) }] },
    ],
  };
}

function manager(address: string, port: number): JsonObject {
  return {
    "@type": anyType("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: STATS_PREFIX,
    codec_type: "AUTO",
    generate_request_id: false,
    // The admin page answers as it is; one line of provenance fewer for whoever connects.
    server_header_transformation: "PASS_THROUGH",
    normalize_path: true,
    merge_slashes: false,
    path_with_escaped_slashes_action: "REJECT_REQUEST",
    request_headers_timeout: seconds(10),
    request_timeout: seconds(30),
    stream_idle_timeout: seconds(30),
    common_http_protocol_options: { idle_timeout: seconds(300), headers_with_underscores_action: "REJECT_REQUEST" },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: {
          "@type": anyType("envoy.extensions.filters.http.router.v3.Router"),
          suppress_envoy_headers: true,
        },
      },
    ],
    route_config: {
      name: STATS_PREFIX,
      virtual_hosts: [
        {
          name: "pages",
          domains: hosts(address, port),
          routes: [page("/ready"), page("/stats/prometheus"), refuse(404)],
        },
        { name: "others", domains: ["*"], routes: [refuse(403)] },
      ],
    },
  };
}

/** An exact path and GET; the query (`usedonly`, `filter`, `histogram_buckets`) is passed on. */
function page(path: string): JsonObject {
  return {
    match: { path, headers: [{ name: ":method", string_match: { exact: "GET" } }] },
    route: { cluster: ADMIN_CLUSTER, timeout: seconds(30) },
  };
}

function refuse(status: 403 | 404): JsonObject {
  return { match: { prefix: "/" }, direct_response: { status } };
}

function hosts(address: string, port: number): readonly string[] {
  const names = new Set([uriHost(address), "127.0.0.1", "[::1]", "localhost"]);
  return [...names].flatMap((name) => [name, `${name}:${port}`]).sort();
}
