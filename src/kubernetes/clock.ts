/** Time, so that tests need none. */
export interface Clock {
  /** Monotonic milliseconds: for durations and deadlines. */
  monotonic(): number;
  /** Milliseconds since the epoch: for what people and other machines read. */
  now(): number;
  /** Calls once, after `milliseconds`. The result cancels. */
  schedule(callback: () => void, milliseconds: number): () => void;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  now: Date.now,
  schedule: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `milliseconds`, or at once when the signal says stop: the caller looks at the signal. */
export async function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || milliseconds <= 0) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.schedule(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
