import { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import { ENTRY_TAG } from "#xds/resources/access-log.ts";
import { socketAddress } from "#xds/resources/address.ts";

export interface EntryForTests {
  readonly route?: string;
  readonly host?: string;
  readonly cluster?: string;
  readonly flags?: string;
  /** Milliseconds. */
  readonly pool?: string;
  readonly code?: number;
  /** As Envoy writes its number; `-` without one. */
  readonly grpc?: string;
  /** Milliseconds since the epoch. */
  readonly start?: number;
  /** Milliseconds. */
  readonly duration?: number;
  readonly sent?: number | undefined;
  readonly answered?: number | undefined;
  readonly authority?: string;
  readonly path?: string;
  readonly endpoint?: string | undefined;
  readonly client?: string;
  readonly requestId?: string;
  readonly traceparent?: string;
}

/** A log entry as Envoy sends it for an ordinary answer, with what the test says. */
export function entryForTests(wishes: EntryForTests = {}): HTTPAccessLogEntry {
  const { start = 1_000_000, duration = 12, code = 200, endpoint = "10.0.0.1" } = wishes;
  const { route = "shop.localhost/Ingress/team-shop/shop/prefix /", host = "shop.localhost", flags = "-" } = wishes;
  const { cluster = "local/team-shop/cart/80", pool = "0" } = wishes;
  const sent = "sent" in wishes ? wishes.sent : 1;
  const answered = "answered" in wishes ? wishes.answered : 10;
  return HTTPAccessLogEntry.fromPartial({
    protocolVersion: 2,
    commonProperties: {
      startTime: { seconds: Math.floor(start / 1000), nanos: (start % 1000) * 1e6 },
      duration: span(duration),
      ...(sent === undefined ? {} : { timeToFirstUpstreamTxByte: span(sent) }),
      ...(answered === undefined ? {} : { timeToFirstUpstreamRxByte: span(answered) }),
      downstreamRemoteAddress: socketAddress(wishes.client ?? "192.0.2.1", 1234),
      ...("endpoint" in wishes && wishes.endpoint === undefined
        ? {}
        : { upstreamRemoteAddress: socketAddress(endpoint, 8080) }),
      routeName: route,
      customTags: { [ENTRY_TAG]: ["http", flags, cluster, pool, host, wishes.grpc ?? "-"].join(" ") },
      upstreamRequestAttemptCount: 1,
      downstreamWireBytesReceived: 100,
      downstreamWireBytesSent: 200,
    },
    request: {
      requestMethod: 1,
      authority: wishes.authority ?? "shop.localhost",
      path: wishes.path ?? "/cart?user=secret",
      userAgent: "curl/8",
      requestId: wishes.requestId ?? "id",
      requestHeaders: wishes.traceparent === undefined ? {} : { traceparent: wishes.traceparent },
    },
    response: { responseCode: code, responseCodeDetails: "via_upstream" },
  });
}

function span(milliseconds: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(milliseconds / 1000), nanos: Math.round((milliseconds % 1000) * 1e6) };
}
