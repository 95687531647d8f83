import { join } from "node:path";
import { type Api, type ApiOptions, startApi } from "#api/api.ts";
import { silentLogger } from "#lib/log.ts";
import {
  HEALTHY,
  METRICS,
  NO_DIFFERENCE,
  NO_ROUTES,
  simulatedAppliance,
  simulatedObjects,
} from "./simulated-appliance.ts";
import { simulatedBackends } from "./simulated-backends.ts";
import { SimulatedTraffic } from "./simulated-traffic.ts";

/** The console as vite builds it. */
export const CONSOLE_DIRECTORY = join(import.meta.dirname, "../../../build/console");

const RUNBOOKS_DIRECTORY = join(import.meta.dirname, "../../../alerts/runbooks");

/** The real API over an invented appliance. `changes` replaces any of its options. */
export function startSimulated(stateDirectory: string, token: string, changes: Partial<ApiOptions> = {}): Promise<Api> {
  return startApi({
    address: "127.0.0.1",
    port: 0,
    hosts: [],
    token,
    stateDirectory,
    consoleDirectory: CONSOLE_DIRECTORY,
    runbooksDirectory: RUNBOOKS_DIRECTORY,
    version: "0.1.0",
    log: silentLogger,
    health: HEALTHY,
    metrics: METRICS,
    appliance: simulatedAppliance(Date.now()),
    objects: simulatedObjects(),
    backends: simulatedBackends(Date.now()),
    explain: NO_ROUTES,
    diff: NO_DIFFERENCE,
    traffic: changes.traffic ?? new SimulatedTraffic(1),
    monitoring: {},
    observer: { answered() {}, authFailed() {} },
    ...changes,
  });
}
