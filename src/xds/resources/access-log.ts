import {
  type AccessLog,
  AccessLogFilter,
  ComparisonFilter_Op,
  type GrpcStatusFilter_Status,
} from "#proto/envoy/config/accesslog/v3/accesslog.ts";
import { FractionalPercent_DenominatorType } from "#proto/envoy/type/v3/percent.ts";
import type { Millis } from "#translate/ir.ts";
import { packStruct } from "./any.ts";
import { FAILED_GRPC_STATUSES } from "./grpc-status.ts";
import { withinLogShare } from "./log-share.ts";
import { TRAFFIC_RUNTIME } from "./runtime.ts";
import { REQUEST_STAT, ROUTE_KEY } from "./traffic-key.ts";

/** Of the static cluster that leads to the access-log service. */
export const ACCESS_LOG_CLUSTER = "binnacle_access_log";

/** The two access-log services' `log_name`s: what a logger's entries are. */
export const ACCESS_LOGS = ["failures", "sample"] as const;
export type AccessLogName = (typeof ACCESS_LOGS)[number];

export interface AccessLogSettings {
  /** A request of at least this long is kept as slow, while RTDS says nothing else. */
  readonly slowThreshold: Millis;
  /** A line for each request on Envoy's standard output, without query values. */
  readonly stdout: "off" | "text" | "json";
}

/**
 * What every HTTP connection manager logs:
 * - exact counters (`binnacle.requests`, see traffic-key.ts) of all requests, at any load;
 * - latency by upstream and route as the histogram `binnacle.request_duration`, for Prometheus: of all requests, or of a share
 *   that RTDS steers, because a duration costs as much as the counters (3,400 instructions);
 * - to the access-log service: failures and slow ones, and a sample of the rest, each with a share that RTDS steers
 *   (runtime.ts) without touching the listener;
 * - optionally, lines on standard output;
 * of routes that want few of their ordinary requests to be seen singly, few (log-share.ts).
 *
 * `listener` is the listener's name; it may hold no space. The counters and the entries name what a request met by
 * Envoy's `Route.name`, which therefore has to be `envoyRouteName(host, owner, name)` of traffic-key.ts, and by the virtual
 * host's metadata `binnacle.host` where no route matched. (METADATA(VIRTUAL_HOST) works in Envoy 1.40, but one metadata
 * value costs as much as the whole counter otherwise: measured in user-space instructions for a request of 161,000, one
 * tag with all of it 4,400; nine tags, four of them metadata, 16,200.)
 */
export function accessLoggers(settings: AccessLogSettings, listener: string): AccessLog[] {
  return [
    requestCounter(listener),
    latencyHistogram(listener),
    accessLogService("failures", listener, and(or(...notable(settings.slowThreshold)), share("failures"))),
    accessLogService("sample", listener, ordinary(settings.slowThreshold)),
    ...(settings.stdout === "off" ? [] : [stdoutLogger(settings.stdout, settings.slowThreshold)]),
  ];
}

/** What a gateway's listener logs: tunnels that were not made, to tell why what should be in them failed. */
export function tunnelLoggers(listener: string): AccessLog[] {
  return [accessLogService("failures", listener, status(ComparisonFilter_Op.GE, 400, "untunnelled"))];
}

const tag = (name: string, format: string): Record<string, unknown> => ({ name, value_format: format });

function requestCounter(listener: string): AccessLog {
  const code = "%RESPONSE_CODE%/%GRPC_STATUS_NUMBER%";
  const format = `${code} %RESPONSE_FLAGS% %UPSTREAM_CLUSTER_RAW% ${literal(listener)} ${ROUTE_KEY}`;
  const stat = { name: REQUEST_STAT.requests, tags: [tag(REQUEST_STAT.requestTag, format)] };
  return statsLogger(undefined, { counters: [{ stat, value_fixed: 1 }] });
}

function latencyHistogram(listener: string): AccessLog {
  const format = `%UPSTREAM_CLUSTER_RAW% ${literal(listener)} ${ROUTE_KEY}`;
  const stat = { name: REQUEST_STAT.duration, tags: [tag(REQUEST_STAT.routeTag, format)] };
  const duration = { stat, unit: "Milliseconds", value_format: "%DURATION%" };
  return statsLogger(share("latency"), { histograms: [duration] });
}

/** envoy.extensions.access_loggers.stats.v3.Config: newer than the .proto files at hand. */
function statsLogger(filter: AccessLogFilter | undefined, stats: Record<string, unknown>): AccessLog {
  return logger("envoy.access_loggers.stats", filter, "envoy.extensions.access_loggers.stats.v3.Config", {
    // A scope that is shared by name outlives the listener: its update does not begin the counters anew.
    // And what no request has touched for long may go (the bootstrap's stats_eviction_interval), or routes that are no more would
    // stay in Envoy's memory, in each scrape and in each reading of the counters until it ends.
    stats_scope: { prefix: REQUEST_STAT.prefix, sharing_name: REQUEST_STAT.prefix, enable_eviction: true },
    ...stats,
  });
}

/** Entries wait at most this long in Envoy, so that a view is a second old and not two. */
const FLUSH_INTERVAL = "0.25s";
/** About 150 entries a message: fewer messages cost less on both sides. */
const BUFFER_BYTES = 65_536;

/** The name of the one custom tag of an entry; its parts are {@link EntryTag}. */
export const ENTRY_TAG = "binnacle";

/**
 * What an entry's own fields lack, in one tag because each costs: listener, response flags (the entry's message lacks DO
 * and UDO), cluster (the entry has it only with an endpoint), milliseconds until the connection pool was ready,
 * the host for requests without a route, the status of gRPC, and the endpoint (of one behind a gateway the entry has
 * only the way there). Separated by spaces; a part that is unknown is empty.
 */
function entryTag(listener: string): string {
  const parts = ["%RESPONSE_FLAGS%", "%UPSTREAM_CLUSTER_RAW%", "%UPSTREAM_CONNECTION_POOL_READY_DURATION%"];
  const host = "%METADATA(VIRTUAL_HOST:binnacle:host)%";
  return [literal(listener), ...parts, host, "%GRPC_STATUS_NUMBER%", "%UPSTREAM_HOST%"].join(" ");
}

function accessLogService(name: AccessLogName, listener: string, filter: AccessLogFilter): AccessLog {
  const type = "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig";
  // As a struct because CustomTag.value is newer than the .proto files at hand.
  return logger("envoy.access_loggers.http_grpc", filter, type, {
    common_config: {
      log_name: name,
      transport_api_version: "V3",
      grpc_service: { envoy_grpc: { cluster_name: ACCESS_LOG_CLUSTER } },
      buffer_flush_interval: FLUSH_INTERVAL,
      buffer_size_bytes: BUFFER_BYTES,
      custom_tags: [{ tag: ENTRY_TAG, value: entryTag(listener) }],
    },
    additional_request_headers_to_log: ["traceparent"],
  });
}

/** Failed (5xx, no status, any response flag, gRPC) or slow. An upgraded connection is long, not slow. */
function notable(slowThreshold: Millis): readonly AccessLogFilter[] {
  const notUpgraded = or(status(ComparisonFilter_Op.LE, 100, "below"), status(ComparisonFilter_Op.GE, 102, "above"));
  const slow = and(took(ComparisonFilter_Op.GE, slowThreshold, TRAFFIC_RUNTIME.slow), notUpgraded);
  return [status(ComparisonFilter_Op.GE, 500, "failed"), anyFlag(), slow, failedGrpc()];
}

/**
 * Envoy takes what has no status of gRPC for UNKNOWN, so requests of gRPC are told from others before; gRPC-Web has its status
 * in the body.
 */
function failedGrpc(): AccessLogFilter {
  const contentType = (prefix: string, invertMatch: boolean): AccessLogFilter =>
    AccessLogFilter.fromPartial({
      filterSpecifier: {
        $case: "headerFilter",
        value: {
          header: {
            name: "content-type",
            invertMatch,
            headerMatchSpecifier: {
              $case: "stringMatch",
              value: { matchPattern: { $case: "prefix", value: prefix } },
            },
          },
        },
      },
    });
  const failed = AccessLogFilter.fromPartial({
    filterSpecifier: {
      $case: "grpcStatusFilter",
      value: { statuses: FAILED_GRPC_STATUSES as GrpcStatusFilter_Status[] },
    },
  });
  return and(contentType("application/grpc", false), contentType("application/grpc-web", true), failed);
}

/**
 * The rest: the share first, because then the others are asked only about what is sent. There is no "no flag" filter, so
 * flagged requests below 500 come in both logs, and so do failures of gRPC; the receiver takes them from `failures`.
 */
function ordinary(slowThreshold: Millis): AccessLogFilter {
  const fast = took(ComparisonFilter_Op.LE, Math.max(0, slowThreshold - 1), TRAFFIC_RUNTIME.fast);
  return and(
    share("sample"),
    status(ComparisonFilter_Op.LE, 499, "ordinary"),
    or(status(ComparisonFilter_Op.EQ, 101, "upgraded"), fast),
    withinLogShare(),
  );
}

const and = (...filters: readonly AccessLogFilter[]): AccessLogFilter =>
  AccessLogFilter.fromPartial({ filterSpecifier: { $case: "andFilter", value: { filters: [...filters] } } });
const or = (...filters: readonly AccessLogFilter[]): AccessLogFilter =>
  AccessLogFilter.fromPartial({ filterSpecifier: { $case: "orFilter", value: { filters: [...filters] } } });

const anyFlag = (): AccessLogFilter =>
  AccessLogFilter.fromPartial({ filterSpecifier: { $case: "responseFlagFilter", value: { flags: [] } } });

/** Envoy wants a runtime key in every comparison; that of a status is never set. */
const status = (op: ComparisonFilter_Op, code: number, name: string): AccessLogFilter =>
  AccessLogFilter.fromPartial({
    filterSpecifier: {
      $case: "statusCodeFilter",
      value: { comparison: { op, value: { defaultValue: code, runtimeKey: `binnacle.traffic.status.${name}` } } },
    },
  });

const took = (op: ComparisonFilter_Op, milliseconds: Millis, runtimeKey: string): AccessLogFilter =>
  AccessLogFilter.fromPartial({
    filterSpecifier: {
      $case: "durationFilter",
      value: { comparison: { op, value: { defaultValue: milliseconds, runtimeKey } } },
    },
  });

/** Until RTDS has answered: all failures, and little enough of the rest to be no load. */
const FIRST_SHARES = { failures: 1_000_000, sample: 10_000, latency: 1_000_000 } as const;

/** Random for each request and logger: a client that chooses its x-request-id must not choose whether it is seen. */
const share = (name: keyof typeof FIRST_SHARES): AccessLogFilter =>
  AccessLogFilter.fromPartial({
    filterSpecifier: {
      $case: "runtimeFilter",
      value: {
        runtimeKey: TRAFFIC_RUNTIME[name],
        percentSampled: { numerator: FIRST_SHARES[name], denominator: FractionalPercent_DenominatorType.MILLION },
        useIndependentRandomness: true,
      },
    },
  });

const TEXT_LINE =
  "%START_TIME% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQ(:METHOD)% %REQ(:AUTHORITY)% %PATH(NQ)% %PROTOCOL% " +
  "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %DURATION%ms %BYTES_RECEIVED% %BYTES_SENT% " +
  "%UPSTREAM_CLUSTER_RAW% %UPSTREAM_HOST% %REQ(X-REQUEST-ID)% %ROUTE_NAME%\n";

const JSON_LINE = {
  time: "%START_TIME%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  method: "%REQ(:METHOD)%",
  authority: "%REQ(:AUTHORITY)%",
  path: "%PATH(NQ)%",
  protocol: "%PROTOCOL%",
  code: "%RESPONSE_CODE%",
  flags: "%RESPONSE_FLAGS%",
  details: "%RESPONSE_CODE_DETAILS%",
  transportFailure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  durationMs: "%DURATION%",
  bytesIn: "%BYTES_RECEIVED%",
  bytesOut: "%BYTES_SENT%",
  cluster: "%UPSTREAM_CLUSTER_RAW%",
  endpoint: "%UPSTREAM_HOST%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  requestId: "%REQ(X-REQUEST-ID)%",
  userAgent: "%REQ(USER-AGENT)%",
  route: "%ROUTE_NAME%",
};

/** Of routes that want few lines of their ordinary requests, few; of all others each request's. */
function stdoutLogger(form: "text" | "json", slowThreshold: Millis): AccessLog {
  const format = form === "text" ? { text_format_source: { inline_string: TEXT_LINE } } : { json_format: JSON_LINE };
  const type = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog";
  const filter = or(...notable(slowThreshold), withinLogShare());
  return logger("envoy.access_loggers.stdout", filter, type, { log_format: format });
}

function logger(
  name: string,
  filter: AccessLogFilter | undefined,
  type: string,
  config: Record<string, unknown>,
): AccessLog {
  return { name, filter, configType: { $case: "typedConfig", value: packStruct(type, config) } };
}

/** A `%` in a format string begins a command. */
function literal(text: string): string {
  return text.replaceAll("%", "%%");
}
