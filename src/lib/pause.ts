import { setTimeout } from "node:timers/promises";

/** Resolves after `milliseconds`, or at once when the signal says stop: the caller looks at the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => {});
}
