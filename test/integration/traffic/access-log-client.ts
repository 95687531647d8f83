import { type ChannelCredentials, Client, credentials, type ClientWritableStream } from "@grpc/grpc-js";
import { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import { StreamAccessLogsMessage } from "#proto/envoy/service/accesslog/v3/als.ts";
import { ENTRY_TAG, type AccessLogName } from "#xds/resources/access-log.ts";

const METHOD = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

/** Sends log entries as an Envoy does. */
export class AccessLogClient implements Disposable {
  readonly #client: Client;
  readonly #stream: ClientWritableStream<Uint8Array>;
  /** Resolves with the error that ended the stream, or undefined when the server ended it in order. */
  readonly ended: Promise<Error | undefined>;

  /** A Unix socket's path, or a place with what it takes to be let in there. */
  constructor(
    target:
      | string
      | { readonly address: string; readonly credentials: ChannelCredentials; readonly serverName: string },
  ) {
    this.#client =
      typeof target === "string"
        ? new Client(`unix:${target}`, credentials.createInsecure())
        : new Client(target.address, target.credentials, { "grpc.ssl_target_name_override": target.serverName });
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.ended = promise;
    this.#stream = this.#client.makeClientStreamRequest(
      METHOD,
      (bytes: Uint8Array) => Buffer.from(bytes),
      () => ({}),
      (error) => resolve(error ?? undefined),
    );
  }

  /** Bytes that may be no message. */
  sendBytes(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  /** Resolves when the stream takes more. */
  async send(entries: readonly HTTPAccessLogEntry[], log?: AccessLogName): Promise<void> {
    if (this.#stream.write(encodeEntries(entries, log))) return;
    await new Promise((resolve) => this.#stream.once("drain", resolve));
  }

  async end(): Promise<void> {
    this.#stream.end();
    await this.ended;
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

/** One message of a stream; with a log's name it is a first one. */
export function encodeEntries(entries: readonly HTTPAccessLogEntry[], log?: AccessLogName): Uint8Array {
  const identifier = log === undefined ? undefined : { node: { id: "client", cluster: "c" }, logName: log };
  const message = StreamAccessLogsMessage.fromPartial({
    ...(identifier === undefined ? {} : { identifier }),
    logEntries: { $case: "httpLogs", value: { logEntry: [...entries] } },
  });
  return StreamAccessLogsMessage.encode(message).finish();
}

/** An ordinary request that ended just now. */
export function ordinaryEntry(index: number, now: number): HTTPAccessLogEntry {
  return HTTPAccessLogEntry.fromPartial({
    protocolVersion: 2,
    commonProperties: {
      startTime: { seconds: Math.floor(now / 1000), nanos: (now % 1000) * 1e6 },
      duration: { seconds: 0, nanos: 3_000_000 + (index % 100) * 250_000 },
      timeToLastRxByte: { seconds: 0, nanos: 50_000 },
      timeToFirstUpstreamTxByte: { seconds: 0, nanos: 300_000 },
      timeToLastUpstreamTxByte: { seconds: 0, nanos: 310_000 },
      timeToFirstUpstreamRxByte: { seconds: 0, nanos: 2_800_000 },
      timeToLastUpstreamRxByte: { seconds: 0, nanos: 2_900_000 },
      timeToFirstDownstreamTxByte: { seconds: 0, nanos: 2_850_000 },
      timeToLastDownstreamTxByte: { seconds: 0, nanos: 2_990_000 },
      downstreamRemoteAddress: socket(`192.0.2.${index % 250}`, 40_000),
      downstreamLocalAddress: socket("10.0.0.5", 80),
      downstreamDirectRemoteAddress: socket("192.0.2.1", 40_000),
      upstreamRemoteAddress: socket(`10.0.1.${index % 3}`, 8080),
      upstreamLocalAddress: socket("10.0.0.5", 50_000),
      upstreamCluster: "local/team-shop/cart/80",
      routeName: `shop-${index % 50}.example.com/Ingress/team-shop/shop-${index % 50}/prefix /`,
      customTags: { [ENTRY_TAG]: `http - local/team-shop/cart/80 0 shop-${index % 50}.example.com` },
      upstreamRequestAttemptCount: 1,
      downstreamWireBytesReceived: 250,
      downstreamWireBytesSent: 900,
    },
    request: {
      requestMethod: 1,
      scheme: "http",
      authority: `shop-${index % 50}.example.com`,
      path: `/products/${index % 1000}?session=0123456789&page=2`,
      userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      requestId: "8f14e45f-ceea-467f-a8d5-0123456789ab",
      requestHeadersBytes: 220,
    },
    response: {
      responseCode: 200,
      responseHeadersBytes: 150,
      responseBodyBytes: 700,
      responseCodeDetails: "via_upstream",
    },
  });
}

function socket(address: string, port: number) {
  return {
    address: {
      $case: "socketAddress" as const,
      value: { address, portSpecifier: { $case: "portValue" as const, value: port } },
    },
  };
}
