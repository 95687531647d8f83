import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Where shm_open(3) puts things. */
const SHARED_MEMORY = "/dev/shm";

/**
 * Removes what Envoy leaves of its hot restart when it ends: shared memory and sockets. Only when no Envoy with this base
 * id runs any more. Envoy numbers them with the base id and one more digit.
 */
export function removeHotRestartTraces(hotRestartSocket: string, baseId: number): void {
  rmSync(join(SHARED_MEMORY, `envoy_shared_memory_${baseId}0`), { force: true });
  const directory = dirname(hotRestartSocket);
  const mine = new RegExp(`^_(udp_)?(parent|child)_${baseId}\\d$`);
  const prefix = basename(hotRestartSocket);
  for (const name of readdirSync(directory)) {
    if (name.startsWith(prefix) && mine.test(name.slice(prefix.length))) rmSync(join(directory, name), { force: true });
  }
}
