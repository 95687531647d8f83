import type { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import { addressWithoutPort, type EntryFacts } from "./entry.ts";
import type { KeptBecause } from "./request-shown.ts";
import { withoutQueryValues } from "./query-values.ts";

/** A request to show, as it leaves the receiver: what names a flow is still as Envoy wrote it. */
export interface RawRow extends EntryFacts {
  readonly envoy: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly protocol: string;
  readonly details: string;
  readonly transportFailure: string;
  readonly attempts: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly client: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly kept: KeptBecause;
  readonly weight: number;
}

/** Characters that are kept of what a client may make as long as it likes. */
const LONGEST = { path: 1024, authority: 255, userAgent: 256, details: 512, requestId: 128 } as const;

/** By Envoy's numbers: RequestMethod and HTTPVersion. */
const METHODS: readonly string[] = [
  "OTHER",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
];
const PROTOCOLS: readonly string[] = ["", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"];

export interface RowOrigin {
  readonly envoy: string;
  readonly kept: KeptBecause;
  readonly weight: number;
  readonly keepQueryValues: boolean;
}

export function rawRow(entry: HTTPAccessLogEntry, facts: EntryFacts, origin: RowOrigin): RawRow {
  const { commonProperties: common, request, response } = entry;
  const path = request?.originalPath || request?.path || "";
  return {
    ...facts,
    envoy: origin.envoy,
    method: METHODS[request?.requestMethod ?? 0] ?? "OTHER",
    authority: cut(request?.authority, LONGEST.authority),
    path: cut(origin.keepQueryValues ? path : withoutQueryValues(path), LONGEST.path),
    protocol: PROTOCOLS[entry.protocolVersion] ?? "",
    details: cut(response?.responseCodeDetails, LONGEST.details),
    transportFailure: cut(common?.upstreamTransportFailureReason, LONGEST.details),
    attempts: common?.upstreamRequestAttemptCount ?? 0,
    bytesIn: common?.downstreamWireBytesReceived ?? 0,
    bytesOut: common?.downstreamWireBytesSent ?? 0,
    client: addressWithoutPort(common?.downstreamRemoteAddress),
    userAgent: cut(request?.userAgent, LONGEST.userAgent),
    requestId: cut(request?.requestId, LONGEST.requestId),
    traceId: TRACEPARENT.exec(request?.requestHeaders["traceparent"] ?? "")?.[1],
    kept: origin.kept,
    weight: origin.weight,
  };
}

/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

function cut(text: string | undefined, longest: number): string {
  if (text === undefined) return "";
  const told = text.replaceAll(UNTOLD, "\uFFFD");
  return told.length <= longest ? told : `${told.slice(0, longest - 1)}…`;
}

/**
 * What a client may send and no row may show: a terminal obeys controls (those from U+0080 on are valid in a header's UTF-8),
 * and marks of direction turn what stands after them around (Unicode TR36 §2.5).
 */
const UNTOLD = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;
