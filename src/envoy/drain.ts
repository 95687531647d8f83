import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { endProcess, isRunning, type ProcessIdentity } from "#supervisor/process-identity.ts";
import { ACTIVITY_FILTER, activity } from "./activity.ts";
import type { EnvoyAdmin } from "./admin.ts";

const POLL_MS = 50;
/** Idle must be seen so often in a row: a request may begin between two looks, on a connection that stands. */
const IDLE_LOOKS = 3;
const TERM_GRACE_MS = 5000;

/**
 * Ends an Envoy without losing what is in flight: it fails health checks (which also closes each HTTP connection after
 * the response it is at), stops accepting, and when nothing is active any more, or `graceMs` have passed, gets SIGTERM.
 *
 * Listeners are closed at once rather than by Envoy's own graceful sequence: that one goes on accepting for
 * `--drain-time-s`, which is as long as the slowest connection deserves and far longer than anyone waits for a stop.
 */
export async function drainEnvoy(
  admin: EnvoyAdmin,
  identity: ProcessIdentity,
  graceMs: number,
  logger: Logger,
): Promise<void> {
  const over = AbortSignal.timeout(graceMs);
  if (graceMs > 0) {
    try {
      await admin.failHealthChecks();
      await admin.drainListeners(false);
      await idle(admin, identity, over, logger);
    } catch (error) {
      // It may have ended in the middle; otherwise it does not answer, and waiting for it would be for nothing.
      if (isRunning(identity)) logger.warn("Envoy could not be drained and is stopped", { error: errorMessage(error) });
    }
  }
  await endProcess(identity, TERM_GRACE_MS);
}

async function idle(admin: EnvoyAdmin, identity: ProcessIdentity, over: AbortSignal, logger: Logger): Promise<void> {
  let looks = 0;
  while (looks < IDLE_LOOKS && isRunning(identity)) {
    const now = activity(await admin.stats(ACTIVITY_FILTER)) ?? { requests: 0, rawConnections: 0 };
    looks = now.requests + now.rawConnections === 0 ? looks + 1 : 0;
    if (over.aborted) {
      if (looks === 0) logger.warn("the time to drain Envoy is over; what is left is cut", { ...now });
      return;
    }
    await delay(POLL_MS, undefined, { signal: over }).catch(() => {});
  }
}
