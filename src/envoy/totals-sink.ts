import { anyType, type JsonObject, seconds } from "./json.ts";

/**
 * How often an Envoy on another machine reports: what it counted since its last report is lost when it is killed, and views
 * that add it up are as old. Measured with Envoy 1.40 at 5,000 upstreams: 13 ms of its main thread a second and 150 KB/s
 * every five seconds, three times that every two.
 */
const REPORT_EVERY = 5;

/** The header that says whose report it is, percent-encoded; src/traffic/totals-service.ts reads it. */
const NODE_HEADER = "binnacle-node";

/**
 * What is reported (RE2, the whole name): exact counters of requests (see TRAFFIC_STATS_PREFIX), of TCP connections and UDP
 * sessions, of log entries that were dropped; how many endpoints each upstream has and how many are healthy; since when
 * the process runs. Not the histograms below the same prefix: Prometheus has them.
 */
const REPORTED = [
  String.raw`binnacle\.requests\..*`,
  String.raw`(tcp|udp)\..*`,
  String.raw`access_logs\.grpc_access_log\.logs_dropped`,
  // Names of upstreams hold slashes, those of the bootstrap's own clusters do not.
  String.raw`cluster\.[^.]*/[^.]*\.(membership_(total|healthy)|upstream_cx_(connect_fail|none_healthy))`,
  String.raw`server\.uptime`,
];

/**
 * The part of the bootstrap that has an Envoy report its counters to `cluster`, whole and not as differences, so that a
 * report that is lost costs nothing. Through the OpenTelemetry sink, because it is the one that can leave the rest out:
 * Envoy's own metrics service sends every statistic there is, at 5,000 upstreams more than a hundred thousand.
 */
export function totalsSink(cluster: string, nodeId: string): JsonObject {
  const reported = `(?s)(${REPORTED.join("|")})`;
  return {
    stats_flush_interval: seconds(REPORT_EVERY),
    stats_sinks: [
      {
        name: "envoy.stat_sinks.open_telemetry",
        typed_config: {
          "@type": anyType("envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig"),
          grpc_service: {
            envoy_grpc: { cluster_name: cluster },
            timeout: seconds(REPORT_EVERY),
            initial_metadata: [{ key: NODE_HEADER, value: encodeURIComponent(nodeId) }],
          },
          emit_tags_as_attributes: false,
          use_tag_extracted_name: false,
          custom_metric_conversions: {
            matcher_list: {
              matchers: [{ predicate: { not_matcher: { single_predicate: named(reported) } }, on_match: DROP }],
            },
          },
        },
      },
    ],
  };
}

function named(regex: string): JsonObject {
  return {
    input: {
      name: "stat_full_name_match_input",
      typed_config: { "@type": anyType("envoy.extensions.matching.common_inputs.stats.v3.StatFullNameMatchInput") },
    },
    // This is xds.type.matcher.v3.RegexMatcher, in which the engine must be said although there is one alone.
    value_match: { safe_regex: { google_re2: {}, regex } },
  };
}

const DROP: JsonObject = {
  action: {
    name: "otlp_metric_drop_action",
    typed_config: { "@type": anyType("envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig.DropAction") },
  },
};
