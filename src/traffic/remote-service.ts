import { hostPort } from "#lib/host-port.ts";
import { Server, type ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "#lib/log.ts";
import { RemoteCredentials, type RemoteCredentialsOptions } from "#xds/remote-credentials.ts";
import { ACCESS_LOG_SERVICE, type EntryIntake, receiveAccessLog } from "./access-log-service.ts";
import { EnvoyNames } from "./envoy-names.ts";
import { PeerPace } from "./peer-pace.ts";
import { type EnvoyReport, TotalsDiffer } from "./totals-differ.ts";
import { addressOf, limitReports, receiveTotals, TOTALS_SERVICE } from "./totals-service.ts";

/** Where Envoys on other machines send log entries and totals. */
export interface RemoteServiceSettings extends Omit<RemoteCredentialsOptions, "log"> {
  /** IP address to listen on. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RemoteServiceEvents {
  readonly intake: EntryIntake;
  readonly log: Logger;
  onReport(report: EnvoyReport, peer: string): void;
}

export interface RemoteService extends Disposable {
  readonly port: number;
  /** The Envoy's next report will be told whole. */
  forget(envoy: string): void;
}

/** About 100,000 values. An Envoy that has more is told that its report is too large, and its totals stand still. */
const LARGEST_REPORT = 16 * 1024 * 1024;
/** An Envoy has a stream for each worker thread, listener and log. */
const MOST_STREAMS_OF_A_CONNECTION = 1000;
/** Several Envoys may come from one address. */
const REPORTS_AT_ONCE = 4;

/**
 * Listens on TCP, with certificates on both sides that are followed as they are renewed, and the same rule for who is let in
 * as for xDS. Throws when a file cannot be used or the port is taken.
 */
export async function serveRemoteEnvoys(
  settings: RemoteServiceSettings,
  events: RemoteServiceEvents,
): Promise<RemoteService> {
  const { intake, log } = events;
  const names = new EnvoyNames();
  const pace = new PeerPace();
  const differ = new TotalsDiffer();
  const nameOf = (node: string): string => names.nameOf(node);
  const server = new Server({
    "grpc.max_receive_message_length": LARGEST_REPORT,
    "grpc.max_concurrent_streams": MOST_STREAMS_OF_A_CONNECTION,
    "grpc.keepalive_time_ms": 15_000,
    "grpc.keepalive_timeout_ms": 10_000,
    interceptors: [limitReports(REPORTS_AT_ONCE)],
  });
  server.addService(ACCESS_LOG_SERVICE, {
    streamAccessLogs: receiveAccessLog(intake, {
      nameOf,
      pause: (peer, entries, bytes) => pace.take(addressOf(peer), entries, bytes, performance.now()),
    }),
  });
  server.addService(TOTALS_SERVICE, {
    export: receiveTotals(differ, { nameOf, onReport: (report, peer) => events.onReport(report, peer) }),
  });
  const credentials = new RemoteCredentials({ ...settings, log });
  try {
    const port = await bind(server, settings, credentials.server);
    log.info("remote Envoys may send log entries and totals", { address: settings.address, port });
    return {
      port,
      forget: (envoy) => differ.forget(envoy),
      [Symbol.dispose]: () => {
        credentials[Symbol.dispose]();
        server.forceShutdown();
      },
    };
  } catch (error) {
    credentials[Symbol.dispose]();
    throw error;
  }
}

function bind(
  server: Server,
  { address, port }: RemoteServiceSettings,
  credentials: ServerCredentials,
): Promise<number> {
  const target = hostPort(address, port);
  return new Promise((resolve, reject) => {
    server.bindAsync(target, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`could not listen for access logs of remote Envoys on ${target}`, { cause: error }));
    });
  });
}
