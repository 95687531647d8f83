import type { Snapshot } from "#xds/snapshot.ts";

/** Milliseconds between two looks whether Envoy has taken everything. */
const LOOK_EVERY = 2000;

/**
 * Collects the garbage of the first load once, when Envoy has taken all of it: at 10,000 hosts it is a fifth of the heap, and
 * because nothing that comes later is as much, V8 would keep it for hours. A pause of a tenth of a second, while nobody
 * waits. Does nothing where Node was not started with `--expose-gc`.
 */
export function sweepAfterFirstLoad(snapshot: Snapshot): Disposable {
  const timer = setInterval(() => {
    if (!snapshot.ready || snapshot.unacknowledged > 0) return;
    clearInterval(timer);
    globalThis.gc?.();
  }, LOOK_EVERY).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
