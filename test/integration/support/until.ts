import type { EventEmitter } from "node:events";
import { inspect } from "node:util";

export interface UntilOptions<T> {
  /** Which value ends the wait; without it any truthy one. */
  readonly accept?: (value: T) => boolean;
  /** What is waited for, for the error: "Envoy to answer". */
  readonly what?: string;
  readonly signal?: AbortSignal;
  /** An event after which the check is tried at once, so that the interval costs no time. */
  readonly event?: { readonly emitter: EventEmitter; readonly name: string };
  readonly intervalMs?: number;
  /** The bound of the whole wait; it decides only how a test that fails ends, also on a machine that is busy with others. */
  readonly timeoutMs?: number;
}

/**
 * Polls `check` until its value is accepted and returns that value. A check that throws counts as "not yet".
 * Throws with the last value (or the last error) when the time is up or `signal` fires.
 */
export async function until<T>(check: () => T | Promise<T>, options: UntilOptions<T> = {}): Promise<T> {
  const { accept = Boolean, what = "a condition", event, intervalMs = 20, timeoutMs = 60_000 } = options;
  const bound = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? bound : AbortSignal.any([bound, options.signal]);
  let last = "nothing yet";
  for (;;) {
    const checked = pause(intervalMs, signal, event);
    try {
      const value = await check();
      if (accept(value)) {
        checked.cancel();
        return value;
      }
      last = inspect(value, { depth: 6, breakLength: 120 });
    } catch (error) {
      last = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
    }
    if (signal.aborted) {
      checked.cancel();
      const reason = options.signal?.aborted === true ? "the wait was ended" : `${timeoutMs} ms passed`;
      throw new Error(`waited for ${what}, but ${reason}; last seen: ${last}`);
    }
    await checked.over;
  }
}

/** Resolves at the interval, the event or the signal, whichever is first. Armed before the check, so no event is missed. */
function pause(ms: number, signal: AbortSignal, event: UntilOptions<never>["event"]) {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(cancel, ms);
  signal.addEventListener("abort", cancel);
  event?.emitter.once(event.name, cancel);
  function cancel(): void {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    event?.emitter.off(event.name, cancel);
    resolve();
  }
  return { over, cancel };
}
