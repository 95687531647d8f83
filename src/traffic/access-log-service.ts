import type { sendUnaryData, ServerReadableStream, ServiceDefinition } from "@grpc/grpc-js";
import type { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import { StreamAccessLogsMessage } from "#proto/envoy/service/accesslog/v3/als.ts";
import { ACCESS_LOGS, type AccessLogName } from "#xds/resources/access-log.ts";

/** A message as it came; `message` is undefined when the bytes are none. */
interface Received {
  readonly message: StreamAccessLogsMessage | undefined;
  readonly bytes: number;
}

/** envoy.service.accesslog.v3.AccessLogService. */
export const ACCESS_LOG_SERVICE = {
  streamAccessLogs: {
    path: "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
    requestStream: true,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer): Received => ({ message: decode(bytes), bytes: bytes.length }),
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  },
} as const satisfies ServiceDefinition;

/** Where entries go. */
export interface EntryIntake {
  /** `now` in milliseconds since the epoch. */
  add(entry: HTTPAccessLogEntry, log: AccessLogName, envoy: string, now: number): void;
  malformed(): void;
}

export interface EntryOrigin {
  /** What an Envoy that says this node id is called here. */
  nameOf(node: string): string;
  /** Told what came from a peer; returns the milliseconds until more of it is to be read. */
  pause(peer: string, entries: number, bytes: number): number;
}

export type AccessLogCall = ServerReadableStream<Received, unknown>;

/** One stream of one Envoy's worker thread and one log; only its first message says which. */
export function receiveAccessLog(intake: EntryIntake, origin: EntryOrigin) {
  return (call: AccessLogCall, answer: sendUnaryData<unknown>): void => {
    const peer = call.getPeer();
    let envoy = "";
    let log: AccessLogName | undefined;
    let paused: NodeJS.Timeout | undefined;
    call.on("data", ({ message, bytes }: Received) => {
      const name = message?.identifier?.logName;
      if (name !== undefined) {
        envoy = origin.nameOf(message?.identifier?.node?.id ?? "");
        log = ACCESS_LOGS.find((known) => known === name);
      }
      const entries = message?.logEntries?.$case === "httpLogs" ? message.logEntries.value.logEntry : undefined;
      const wait = origin.pause(peer, entries?.length ?? 0, bytes);
      if (wait > 0) {
        // HTTP/2's flow control then holds the sender; what it cannot keep it drops and counts.
        call.pause();
        clearTimeout(paused);
        paused = setTimeout(() => call.resume(), wait);
      }
      if (log === undefined || entries === undefined) {
        intake.malformed();
        return;
      }
      const now = Date.now();
      for (const entry of entries) intake.add(entry, log, envoy, now);
    });
    call.on("end", () => answer(null, {}));
    call.on("close", () => clearTimeout(paused));
    // A stream that breaks (Envoy ended) is ordinary, and what it had sent has been counted.
    call.on("error", () => clearTimeout(paused));
  };
}

/** Never throws: a message that is none must not cost the stream that brought it. */
function decode(bytes: Buffer): StreamAccessLogsMessage | undefined {
  try {
    return StreamAccessLogsMessage.decode(bytes);
  } catch {
    return undefined;
  }
}
