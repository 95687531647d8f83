import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { lookIntoStateDirectory } from "#supervisor/state-directory.ts";
import type { ApplianceHome } from "../../integration/support/appliance-home.ts";
import { httpGet } from "../../integration/support/http-get.ts";
import { residentBytes } from "../../bench/process-cost.ts";
import type { Inspector } from "./inspector.ts";

/** What an appliance holds. */
export interface Sight {
  /** Of the control plane's main thread, when nothing is there that is not used; bytes. */
  readonly heap: number;
  /** Bytes of memory. */
  readonly controlPlane: number;
  readonly envoy: number;
  /** Open files and connections. */
  readonly controlPlaneFiles: number;
  readonly envoyFiles: number;
  /** Statistics. */
  readonly stats: number;
  /** Bytes of the state directory. */
  readonly state: number;
}

const MIB = 1024 * 1024;

export class Watcher {
  readonly #home: ApplianceHome;
  readonly #controlPlane: number;
  readonly #inspector: Inspector;

  constructor(home: ApplianceHome, controlPlane: number, inspector: Inspector) {
    this.#home = home;
    this.#controlPlane = controlPlane;
    this.#inspector = inspector;
  }

  async look(): Promise<Sight> {
    const [running] = runningEnvoys(join(this.#home.state, "envoy"));
    if (running === undefined) throw new Error("no Envoy runs");
    const { pid } = running.identity;
    return {
      heap: await this.#inspector.heapInUse(),
      controlPlane: residentBytes(this.#controlPlane),
      envoy: residentBytes(pid),
      controlPlaneFiles: await openFiles(this.#controlPlane),
      envoyFiles: await openFiles(pid),
      stats: (await this.envoySays("/stats")).split("\n").length,
      state: await bytesBelow(this.#home.state),
    };
  }

  /** A page of Envoy's admin interface. */
  async envoySays(path: string): Promise<string> {
    const socketPath = lookIntoStateDirectory(this.#home.state).socket("envoy-admin.sock");
    return (await httpGet({ socketPath }, path)).body;
  }
}

export function sightWords({ heap, controlPlane, envoy, controlPlaneFiles, envoyFiles, stats, state }: Sight): string {
  const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
  return (
    `heap ${mib(heap)}, control plane ${mib(controlPlane)}, Envoy ${mib(envoy)}, state ${mib(state)} MiB; ` +
    `${controlPlaneFiles} and ${envoyFiles} files, ${stats} statistics`
  );
}

async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  // Sockets, and what goes while it is looked at, are nothing.
  const sizes = entries.map(async (entry) =>
    entry.isFile()
      ? stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        )
      : 0,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
