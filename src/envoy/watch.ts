import { setTimeout as delay } from "node:timers/promises";
import { isRunning } from "#supervisor/process-identity.ts";
import type { EnvoyAdmin } from "./admin.ts";
import type { RunningEnvoy } from "./running-envoys.ts";

/**
 * Envoy is never our child (launch.ts), so there is no event at its end: its entry in /proc is looked at, which costs
 * some 20 µs. Readiness is asked often until it is there, then seldom: the admin interface shares Envoy's main thread.
 */
const ALIVE_MS = 100;
const READY_MS = 2000;
const READY_TIMEOUT_MS = 2000;

/** Resolves with true when that Envoy has ended, with false when `signal` fires. `ready` hears every answer, and silence as no. */
export async function watchEnvoy(
  running: RunningEnvoy,
  admin: EnvoyAdmin,
  ready: (isReady: boolean) => void,
  signal: AbortSignal,
): Promise<boolean> {
  let next = 0;
  while (!signal.aborted) {
    if (!isRunning(running.identity)) return true;
    if (performance.now() >= next) {
      const answer = await admin.isReady({ timeoutMs: READY_TIMEOUT_MS, signal }).catch(() => false);
      if (signal.aborted) return false;
      if (isRunning(running.identity)) ready(answer);
      next = performance.now() + (answer ? READY_MS : 0);
    }
    await delay(ALIVE_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}
