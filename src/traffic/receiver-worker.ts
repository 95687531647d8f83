/**
 * The receiver's thread: Envoy's access-log service (envoy.service.accesslog.v3.AccessLogService) on a Unix socket, for
 * Envoys on other machines the same and their totals on TCP, and the reading of the local Envoy's large admin pages. It
 * decodes, sums up and hands on a few batches a second; the main thread, which also serves xDS, is spared the rest.
 */
import { parentPort, workerData } from "node:worker_threads";
import { logVerbosity, Server, setLogVerbosity } from "@grpc/grpc-js";
import { errorMessage } from "#lib/error-message.ts";
import { giveBackMemory } from "#lib/give-back-memory.ts";
import type { LogFields, Logger, LogLevel } from "#lib/log.ts";
import { placeGrpcSocket } from "#lib/place-grpc-socket.ts";
import type { PlacedSocket } from "#lib/placed-socket.ts";
import { unreachable } from "#lib/unreachable.ts";
import { ACCESS_LOG_SERVICE, receiveAccessLog } from "./access-log-service.ts";
import { PageDiffs, type PageReader } from "./page-diff.ts";
import type { FromReceiver, ReceiverWorkerData, ToReceiver } from "./receiver-messages.ts";
import { type RemoteService, type RemoteServiceSettings, serveRemoteEnvoys } from "./remote-service.ts";
import { Allowance } from "./allowance.ts";
import { TickAggregate } from "./tick-aggregate.ts";

/** Milliseconds between batches. */
const BATCH_INTERVAL = 200;
/** Batches that may be on their way: while the main thread is busy, rows wait here, bounded, and the oldest go. */
const UNTAKEN_BATCHES = 2;
/** New names of counters and clusters, from which on the garbage of reading them is worth a pause of this thread. */
const MANY_NEW = 1000;
/** Milliseconds from the page that brought them to the pause. */
const TIDY_AFTER = 1000;
/** Envoy sends when its buffer of 64 KB is full; one entry alone may be larger. */
const LARGEST_MESSAGE = 4_194_304;

/** Milliseconds until it is tried again to listen for Envoys on other machines. */
const REMOTE_RETRY = 10_000;

// What goes wrong is told by errors; the library's own lines would go past the log.
setLogVerbosity(logVerbosity.NONE);

const port = parentPort;
if (port === null) throw new Error("this module is a worker's");
const send = (message: FromReceiver): void => port.postMessage(message);

const { socketPath, slowThreshold, keepQueryValues, rowsPerSecond, remote, isFirst } = workerData as ReceiverWorkerData;
const aggregate = new TickAggregate({
  failures: 1,
  sample: 1,
  shown: 1,
  routeShares: new Map(),
  pins: [],
  slowThreshold,
  keepQueryValues,
  rows: rowsPerSecond,
});
const began = performance.now();
const allowance = {
  precious: new Allowance(rowsPerSecond, began),
  ordinary: new Allowance(rowsPerSecond, began),
};
const pages = new PageDiffs();
let untaken = 0;
let place: PlacedSocket | undefined;

const local = new Server({ "grpc.max_receive_message_length": LARGEST_MESSAGE });
local.addService(ACCESS_LOG_SERVICE, {
  streamAccessLogs: receiveAccessLog(aggregate, { nameOf: (node) => node, pause: () => 0 }),
});
let remoteService: RemoteService | undefined;
let remoteRetry: NodeJS.Timeout | undefined;

function handOn(): void {
  if (aggregate.isEmpty || untaken >= UNTAKEN_BATCHES) return;
  untaken++;
  const now = performance.now();
  const limit = { precious: allowance.precious.available(now), ordinary: allowance.ordinary.available(now) };
  const batch = aggregate.take(limit);
  for (const { kept } of batch.rows) allowance[kept === "sample" ? "ordinary" : "precious"].spend(1);
  send({ type: "batch", batch });
}

/** The pages that are being read, by job. */
const reading = new Map<number, PageReader>();

function readOn(job: number, read: (page: PageReader) => void): void {
  const page = reading.get(job);
  if (page === undefined) return;
  try {
    read(page);
  } catch (error) {
    reading.delete(job);
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
    case "routeShares":
      aggregate.settings = { ...aggregate.settings, routeShares: message.routeShares };
      return;
    case "pins":
      aggregate.settings = { ...aggregate.settings, pins: message.pins };
      return;
    case "forget":
      remoteService?.forget(message.envoy);
      return;
    case "taken":
      untaken--;
      return;
    case "page":
      reading.set(message.job, pages.open(message.page, message.envoy, message.fresh));
      return;
    case "chunk":
      readOn(message.job, (page) => page.add(message.bytes));
      return;
    case "pageEnd":
      readOn(message.job, (page) => {
        const diff = page.end();
        reading.delete(message.job);
        send({ type: "differs", job: message.job, diff });
        // Of what a first load leaves behind nothing would be collected while little happens. Later: it is still in our hands.
        if (pages.hasGrown(MANY_NEW)) setTimeout(giveBackMemory, TIDY_AFTER).unref();
      });
      return;
    case "pageLost":
      reading.delete(message.job);
      return;
    case "stop":
      clearInterval(timer);
      clearTimeout(remoteRetry);
      void place?.[Symbol.asyncDispose]();
      local.forceShutdown();
      remoteService?.[Symbol.dispose]();
      port.close();
      return;
    default:
      unreachable(message);
  }
});

/**
 * The folder is 0700; the socket is 0600 as well, so that neither alone has to be right. What a process that was killed left
 * behind it replaces: the state directory's lock says that no other one listens here.
 */
async function listen(): Promise<void> {
  place = await placeGrpcSocket(local, socketPath, LOG);
  if (remote !== undefined) await listenForRemoteEnvoys(remote);
  send({ type: "listening", remotePort: remoteService?.port });
}

/**
 * At the first start what is wrong with it ends the start. Later it must not take the local Envoy's entries along: it is told
 * and tried again.
 */
async function listenForRemoteEnvoys(settings: RemoteServiceSettings): Promise<void> {
  try {
    remoteService = await serveRemoteEnvoys(settings, {
      intake: aggregate,
      log: LOG,
      onReport: (report, peer) => send({ type: "report", report, peer }),
    });
  } catch (error) {
    if (isFirst) throw error;
    LOG.error("Envoys on other machines cannot send log entries and totals", { error: errorMessage(error) });
    remoteRetry = setTimeout(() => void listenForRemoteEnvoys(settings), REMOTE_RETRY);
  }
}

/** A thread has no log of its own: the lines are the main thread's to write. */
const at =
  (level: LogLevel) =>
  (message: string, fields: LogFields = {}): void =>
    send({ type: "log", level, message, fields });
const LOG: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), room: () => LOG };

const timer = setInterval(handOn, BATCH_INTERVAL);
await listen();
