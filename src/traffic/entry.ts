import { hostPort } from "#lib/host-port.ts";
import type { AccessLogCommon, HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import type { Address } from "#proto/envoy/config/core/v3/address.ts";
import type { Duration } from "#proto/google/protobuf/duration.ts";
import type { Timestamp } from "#proto/google/protobuf/timestamp.ts";
import { ENTRY_TAG, type AccessLogName } from "#xds/resources/access-log.ts";
import { countedCode } from "#xds/resources/grpc-status.ts";
import { isFailedCode } from "./code-class.ts";
import { absent, parseFlags, parseGrpcStatus } from "./request-counter.ts";

/** What every entry is asked, also those that are only counted. */
export interface EntryFacts {
  readonly listener: string;
  /** As Envoy writes them: `UF,URX`, `-`. */
  readonly flags: string;
  readonly cluster: string;
  /** See traffic-key.ts. */
  readonly routeKey: string;
  /** Address with port. */
  readonly endpoint: string | undefined;
  /** What it counts as: of gRPC, by its status. 0: no status was sent. */
  readonly code: number;
  /** Undefined: it was no gRPC. */
  readonly grpcStatus: number | undefined;
  /** When the request began, in milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Milliseconds; undefined for what the request did not come to. */
  readonly waiting: number | undefined;
  readonly connecting: number | undefined;
  readonly upstream: number | undefined;
  readonly transfer: number | undefined;
}

/** Reads an entry as access-log.ts has it written. An entry without the tag (another configuration's) has empty fields. */
export function entryFacts(entry: HTTPAccessLogEntry): EntryFacts {
  const common = entry.commonProperties;
  const tag = common?.customTags[ENTRY_TAG] ?? "";
  const [listener = "", flags = "", cluster = "", pool = "", host = "", grpc = "", endpoint = ""] = tag.split(" ");
  const grpcStatus = parseGrpcStatus(grpc);
  const route = common?.routeName ?? "";
  const duration = milliseconds(common?.duration) ?? milliseconds(common?.timeToLastDownstreamTxByte) ?? 0;
  return {
    listener,
    flags: absent(flags),
    cluster: absent(cluster) || (common?.upstreamCluster ?? ""),
    routeKey: route === "" ? absent(host) : route,
    endpoint: addressWithPort(common?.upstreamRemoteAddress) ?? (absent(endpoint) || undefined),
    code: countedCode(entry.response?.responseCode ?? 0, grpcStatus, parseFlags(flags)),
    grpcStatus,
    start: timestamp(common?.startTime),
    duration,
    ...phases(common, duration, /^\d+$/.test(pool) ? Number(pool) : undefined),
  };
}

/** The phases that a request came to. `pool` is the time that the connection pool took. */
function phases(
  common: AccessLogCommon | undefined,
  duration: number,
  pool: number | undefined,
): Pick<EntryFacts, "waiting" | "connecting" | "upstream" | "transfer"> {
  const sent = milliseconds(common?.timeToFirstUpstreamTxByte);
  const answered = milliseconds(common?.timeToFirstUpstreamRxByte);
  const connecting = sent === undefined || pool === undefined ? pool : Math.min(pool, sent);
  return {
    waiting: sent === undefined ? undefined : sent - (connecting ?? 0),
    connecting,
    // Without an answer all that was left was spent on waiting for one.
    upstream: sent === undefined ? undefined : Math.max(0, (answered ?? duration) - sent),
    transfer: answered === undefined ? undefined : Math.max(0, duration - answered),
  };
}

/** Flags that say how a request was served, not that something went wrong. */
const HARMLESS_FLAGS: ReadonlySet<string> = new Set(["RFCF"]);

export function isFailure({ code, flags }: Pick<EntryFacts, "code" | "flags">): boolean {
  return isFailedCode(code) || (flags !== "" && !HARMLESS_FLAGS.has(flags));
}

/**
 * Whether an entry of the `sample` log is in `failures` too: that log takes everything that has a flag, and what failed by a
 * status of gRPC (see `ordinary` in access-log.ts).
 */
export function isTwice({ code, flags }: Pick<EntryFacts, "code" | "flags">, log: AccessLogName): boolean {
  return log === "sample" && (flags !== "" || code >= 500);
}

export function milliseconds(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : duration.seconds * 1000 + duration.nanos / 1e6;
}

function timestamp(time: Timestamp | undefined): number {
  return time === undefined ? 0 : time.seconds * 1000 + time.nanos / 1e6;
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`; undefined for what has no address and port (a pipe, nothing). */
function addressWithPort(address: Address | undefined): string | undefined {
  const socket = address?.address;
  if (socket?.$case !== "socketAddress") return undefined;
  const { address: host, portSpecifier } = socket.value;
  const port = portSpecifier?.$case === "portValue" ? portSpecifier.value : 0;
  return hostPort(host, port);
}

export function addressWithoutPort(address: Address | undefined): string {
  const socket = address?.address;
  return socket?.$case === "socketAddress" ? socket.value.address : "";
}
