import { setImmediate } from "node:timers/promises";

/** How long work may keep the event loop, in milliseconds: a request for the API waits no longer than this. */
const LONGEST_STRETCH = 10;

/** Gives a function to call between small pieces of work: now and then it lets everything else have its turn. */
export function breather(): () => Promise<void> | undefined {
  let since = performance.now();
  const breathe = async (): Promise<void> => {
    await setImmediate();
    since = performance.now();
  };
  return () => (performance.now() - since < LONGEST_STRETCH ? undefined : breathe());
}
