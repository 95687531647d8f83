import type { JsonObject } from "./json.ts";

/**
 * The statistics that Envoy keeps. Everything else is not even instantiated: at 5,000 clusters that is a quarter less
 * memory and half the CPU of loading them, and a cluster with traffic has 35 series instead of 144 (histograms in their
 * native form counted as one). A name that a rule in `alerts/`, a panel in `dashboards/` or the traffic room reads must
 * pass this list; a test compares them with a real Envoy.
 */

/** What the traffic room's stats access logger writes below: `binnacle.requests` becomes `envoy_binnacle_requests`. */
export const TRAFFIC_STATS_PREFIX = "binnacle";

/** Of the process: few in number, so whole families. */
const PROCESS_PREFIXES = [
  "access_logs.grpc_access_log.",
  "cluster_manager.",
  "control_plane.",
  "listener_manager.",
  "overload.",
  "runtime.",
  "server.",
] as const;

/** After `cluster.<name>.`: what multiplies with the number of upstreams, so each one is asked for by somebody. */
const CLUSTER_STATS = [
  "membership_(total|healthy|degraded|excluded|change)",
  "upstream_cx_(total|active|connect_ms|connect_fail|connect_timeout|overflow|none_healthy|protocol_error)",
  "upstream_cx_(destroy_remote_with_active_rq|rx_bytes_total|tx_bytes_total)",
  "upstream_rq_(total|active|timeout|per_try_timeout|rx_reset|pending_active|pending_overflow)",
  "upstream_rq_(retry|retry_success|retry_overflow)",
  "outlier_detection\\.ejections_(active|enforced_total)",
  "health_check\\.(attempt|failure)",
  "circuit_breakers\\.default\\.(cx|rq|rq_pending|rq_retry)_open",
  "update_rejected",
  "ssl\\.(connection_error|fail_verify_error|fail_verify_san)",
] as const;

/** After `http.<stat prefix>.`, for each HTTP listener. */
const HTTP_STATS = [
  "downstream_rq_(total|active|[1-5]xx|rx_reset|timeout|idle_timeout|too_large|overload_close)",
  "downstream_cx_(total|active|ssl_active|upgrades_active|protocol_error|destroy_remote_active_rq)",
  "downstream_cx_(rx_bytes_total|tx_bytes_total)",
  "no_route",
  "no_cluster",
  "rq_direct_response",
  "(rds|vhds)\\..+\\.update_rejected",
] as const;

/** After `listener.<stat prefix or address>.`. */
const LISTENER_STATS = [
  "downstream_cx_(total|active|overflow|overload_reject)",
  "downstream_global_cx_overflow",
  "no_filter_chain_match",
  "ssl\\.(handshake|connection_error|no_certificate|fail_verify_(error|no_cert|san))",
  "ssl\\.certificate\\..+\\.expiration_unix_time_seconds",
] as const;

const TCP_STATS = ["downstream_cx_(total|no_route|rx_bytes_total|tx_bytes_total)", "upstream_flush_active"] as const;
const UDP_STATS = ["downstream_sess_(total|active|no_route|rx_bytes|tx_bytes|rx_errors|tx_errors)"] as const;

/** For the bootstrap's `stats_config.stats_matcher`: an envoy.config.metrics.v3.StatsMatcher. */
export function statsMatcher(): JsonObject {
  const patterns = STATS_INCLUSION.map((pattern) =>
    "prefix" in pattern ? { prefix: pattern.prefix } : { safe_regex: { regex: pattern.regex } },
  );
  return { inclusion_list: { patterns } };
}

/** One pattern of the list: a prefix, or an expression (RE2) that the whole name must match. */
export type StatsPattern = { readonly prefix: string } | { readonly regex: string };

/**
 * Prefixes first: they are cheaper than the expressions. One expression a family is cheaper than many suffixes (1.8
 * against 2.3 CPU-seconds to load 5,000 clusters; 3.4 without a list). No name of ours holds a dot in the middle
 * of `cluster.<name>.`, so `[^.]+` keeps out the copies below `external.`, `internal.`, `canary.` and `retry.`.
 */
export const STATS_INCLUSION: readonly StatsPattern[] = [
  ...PROCESS_PREFIXES.map((prefix) => ({ prefix })),
  { prefix: `${TRAFFIC_STATS_PREFIX}.` },
  { regex: family("cluster\\.[^.]+", CLUSTER_STATS) },
  { regex: family("http\\.[^.]+", HTTP_STATS) },
  // A stat prefix, or an IPv4 address with its dots; not the copies that each worker keeps below it.
  { regex: family("listener\\.([^.]+|[0-9.]+_[0-9]+)", LISTENER_STATS) },
  // A listener, or with a server name after it, which has dots.
  { regex: family("tcp\\.[^./]+(/[^/]+)?", TCP_STATS) },
  { regex: family("udp\\.[^.]+", UDP_STATS) },
];

function family(head: string, tails: readonly string[]): string {
  return `${head}\\.(${tails.join("|")})`;
}
