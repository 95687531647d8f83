import { giveBackMemory } from "#lib/give-back-memory.ts";
import type { Snapshot } from "#xds/snapshot.ts";

/** Milliseconds between two looks whether Envoy has taken everything. */
const LOOK_EVERY = 2000;

/**
 * Gives the garbage of the first load back once, when Envoy has taken all of it: at 10,000 hosts it is a third of the heap,
 * and nothing that comes later is as much. A pause of half a second there, while nobody waits.
 */
export function sweepAfterFirstLoad(snapshot: Snapshot): Disposable {
  const timer = setInterval(() => {
    if (!snapshot.ready || snapshot.unacknowledged > 0) return;
    clearInterval(timer);
    giveBackMemory();
  }, LOOK_EVERY).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
