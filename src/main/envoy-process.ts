import { readFileSync } from "node:fs";
import { hostname, totalmem } from "node:os";
import type { Config } from "#config/config.ts";
import { bootstrap } from "#envoy/bootstrap.ts";
import { overloadLimits } from "#envoy/overload.ts";
import { EnvoyProcess, type EnvoyStart } from "#envoy/process.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import type { Logger } from "#lib/log.ts";
import { snapshotServerPlaces } from "#snapshot-server/places.ts";
import type { StateDirectory } from "#supervisor/state-directory.ts";

export const ACCESS_LOG_SOCKET = "access-log.sock";
const ADMIN_SOCKET = "envoy-admin.sock";

/** The local Envoy as the configuration wants it. Not started yet. */
export function localEnvoy(binary: string, config: Config, state: StateDirectory, logger: Logger): EnvoyProcess {
  const { envoy } = config;
  const adminSocket = state.socket(ADMIN_SOCKET);
  const machine = { memoryBytes: process.constrainedMemory() || totalmem(), openFiles: openFileLimit() };
  return new EnvoyProcess({
    binary,
    directory: state.folder("envoy"),
    bootstrap: bootstrap({
      node: { id: hostname(), cluster: "binnacle", metadata: {} },
      adminSocket,
      xds: { type: "socket", path: snapshotServerPlaces(state.path).xdsSocket },
      accessLog: { type: "socket", path: state.socket(ACCESS_LOG_SOCKET) },
      stats: { address: "127.0.0.1", port: envoy.statsPort, matcher: statsMatcher(), histogramBuckets: [], tags: [] },
      evictIdleStats: idleStatsSeconds(config.traffic.retention),
      limits: overloadLimits(machine, { maxHeapMiB: envoy.maxHeapMiB, maxConnections: envoy.maxConnections }),
    }),
    adminSocket,
    hotRestartSocket: state.socket("hr"),
    ...(envoy.concurrency === undefined ? {} : { concurrency: envoy.concurrency }),
    ports: [
      ...config.listeners
        .filter(({ protocol }) => protocol !== "udp")
        .map(({ name, address, port }) => ({
          address,
          port,
          setting: `the port of listener ${name} in binnacle.yaml`,
        })),
      { address: "127.0.0.1", port: envoy.statsPort, setting: "envoy.statsPort in binnacle.yaml" },
    ],
    logger,
  });
}

/** For a person who waits. */
export const ENVOY_STARTS: Readonly<Record<EnvoyStart, string>> = {
  started: "Envoy runs",
  adopted: "Envoy was running already and goes on",
  replaced: "Envoy took over from the one that ran",
};

/** Resolves when Envoy serves. Throws when it ends again and again instead. */
export async function serving(envoy: EnvoyProcess, signal: AbortSignal): Promise<void> {
  const failure = Promise.withResolvers<never>();
  const look = (): void => {
    const { state } = envoy;
    if (state.state === "failed") {
      failure.reject(new Error(`Envoy ends again and again: ${state.reason}; its log is ${envoy.logFile}`));
    }
  };
  envoy.events.on("state", look);
  try {
    await Promise.race([envoy.whenLive(signal), failure.promise]);
  } finally {
    envoy.events.off("state", look);
  }
}

/**
 * Of a route without requests the counters stay for four hours at the least where its single requests stay for a quarter of an
 * hour: long enough for what comes every hour. In fives of seconds, as Envoy flushes its statistics.
 */
function idleStatsSeconds(retention: number): number {
  return Math.ceil((16 * retention) / 5000) * 5;
}

const FALLBACK_OPEN_FILES = 1024;

/** The soft limit of this process, which Envoy inherits. */
function openFileLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? FALLBACK_OPEN_FILES : Number(limit);
  } catch {
    return FALLBACK_OPEN_FILES;
  }
}
