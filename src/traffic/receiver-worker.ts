/**
 * The receiver's thread: Envoy's access-log service (envoy.service.accesslog.v3.AccessLogService) on a Unix socket, and the
 * reading of Envoy's large admin pages. It decodes, sums up and hands on a few batches a second; the main thread, which
 * also serves xDS, is spared the rest.
 */
import { chmod, rm } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import {
  logVerbosity,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  setLogVerbosity,
} from "@grpc/grpc-js";
import { errorMessage } from "#lib/error-message.ts";
import { unreachable } from "#lib/unreachable.ts";
import { StreamAccessLogsMessage } from "#proto/envoy/service/accesslog/v3/als.ts";
import { ACCESS_LOGS, type AccessLogName } from "#xds/resources/access-log.ts";
import { PageDiffs } from "./page-diff.ts";
import type { FromReceiver, ReceiverWorkerData, ToReceiver } from "./receiver-messages.ts";
import { RowAllowance } from "./row-allowance.ts";
import { TickAggregate } from "./tick-aggregate.ts";

/** Milliseconds between batches. */
const BATCH_INTERVAL = 200;
/** Batches that may be on their way: while the main thread is busy, rows wait here, bounded, and the oldest go. */
const UNTAKEN_BATCHES = 2;
/** Envoy sends when its buffer of 64 KB is full; one entry alone may be larger. */
const LARGEST_MESSAGE = 4_194_304;

// What goes wrong is told by errors; the library's own lines would go past the log.
setLogVerbosity(logVerbosity.NONE);

const port = parentPort;
if (port === null) throw new Error("this module is a worker's");
const send = (message: FromReceiver): void => port.postMessage(message);

const { socketPath, slowThreshold, keepQueryValues, rowsPerSecond } = workerData as ReceiverWorkerData;
const aggregate = new TickAggregate({
  failures: 1,
  sample: 1,
  shown: 1,
  pins: [],
  slowThreshold,
  keepQueryValues,
  rows: rowsPerSecond,
});
const began = performance.now();
const allowance = {
  precious: new RowAllowance(rowsPerSecond, began),
  ordinary: new RowAllowance(rowsPerSecond, began),
};
const pages = new PageDiffs();
let untaken = 0;

/** Never throws: a message that is none must not cost the stream that brought it. */
function decode(bytes: Buffer): StreamAccessLogsMessage | undefined {
  try {
    return StreamAccessLogsMessage.decode(bytes);
  } catch {
    return undefined;
  }
}

/** One stream of one Envoy's worker thread and one log; only its first message says which. */
function receive(
  call: ServerReadableStream<StreamAccessLogsMessage | undefined, unknown>,
  answer: sendUnaryData<unknown>,
): void {
  let envoy = "";
  let log: AccessLogName | undefined;
  call.on("data", (message: StreamAccessLogsMessage | undefined) => {
    const name = message?.identifier?.logName;
    if (name !== undefined) {
      envoy = message?.identifier?.node?.id ?? "";
      log = ACCESS_LOGS.find((known) => known === name);
    }
    if (log === undefined || message?.logEntries?.$case !== "httpLogs") {
      aggregate.malformed();
      return;
    }
    const now = Date.now();
    for (const entry of message.logEntries.value.logEntry) aggregate.add(entry, log, envoy, now);
  });
  call.on("end", () => answer(null, {}));
  // A stream that breaks (Envoy ended) is ordinary, and what it had sent has been counted.
  call.on("error", () => {});
}

const server = new Server({ "grpc.max_receive_message_length": LARGEST_MESSAGE });
server.addService(
  {
    streamAccessLogs: {
      path: "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
      requestStream: true,
      responseStream: false,
      requestSerialize: () => Buffer.alloc(0),
      requestDeserialize: decode,
      responseSerialize: () => Buffer.alloc(0),
      responseDeserialize: () => ({}),
    },
  },
  { streamAccessLogs: receive },
);

function handOn(): void {
  if (aggregate.isEmpty || untaken >= UNTAKEN_BATCHES) return;
  untaken++;
  const now = performance.now();
  const limit = { precious: allowance.precious.available(now), ordinary: allowance.ordinary.available(now) };
  const batch = aggregate.take(limit);
  for (const { kept } of batch.rows) allowance[kept === "sample" ? "ordinary" : "precious"].spend(1);
  send({ type: "batch", batch });
}

function diff({ job, page, envoy, bytes, fresh }: Extract<ToReceiver, { readonly type: "diff" }>): void {
  try {
    send({ type: "differs", job, diff: pages.diff(page, envoy, bytes, fresh) });
  } catch (error) {
    send({ type: "unreadable", job, message: errorMessage(error) });
  }
}

port.on("message", (message: ToReceiver) => {
  switch (message.type) {
    case "shares": {
      const { failures, sample, shown } = message;
      aggregate.settings = { ...aggregate.settings, failures, sample, shown };
      return;
    }
    case "pins":
      aggregate.settings = { ...aggregate.settings, pins: message.pins };
      return;
    case "taken":
      untaken--;
      return;
    case "diff":
      diff(message);
      return;
    case "stop":
      clearInterval(timer);
      server.forceShutdown();
      port.close();
      return;
    default:
      unreachable(message);
  }
});

/** The folder is 0700; the socket is 0600 as well, so that neither alone has to be right. */
async function listen(): Promise<void> {
  // What a process that was killed left behind; the state directory's lock says that no other one listens here.
  await rm(socketPath, { force: true });
  const bound = Promise.withResolvers<void>();
  server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
    error === null ? bound.resolve() : bound.reject(error),
  );
  await bound.promise;
  await chmod(socketPath, 0o600);
  send({ type: "listening" });
}

const timer = setInterval(handOn, BATCH_INTERVAL);
await listen();
