import { readFileSync } from "node:fs";
import { hostname, totalmem } from "node:os";
import type { Config } from "#config/config.ts";
import { bootstrap } from "#envoy/bootstrap.ts";
import { overloadLimits } from "#envoy/overload.ts";
import { EnvoyProcess } from "#envoy/process.ts";
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
