import { setTimeout } from "node:timers/promises";

/** The longest timer: Node ends one that is longer at once. Milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Resolves after `milliseconds`, or at once when the signal says stop: the caller looks at the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(Math.min(milliseconds, LONGEST), undefined, { signal }).catch(() => {});
}
