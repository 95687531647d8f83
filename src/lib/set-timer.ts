/** Runs something once, after so many milliseconds, unless it is cancelled. */
export type SetTimer = (run: () => void, millis: number) => { cancel(): void };

/** By Node's clock. What waits for it keeps no process alive. */
export const setTimer: SetTimer = (run, millis) => {
  const timer = setTimeout(run, millis).unref();
  return { cancel: () => clearTimeout(timer) };
};
