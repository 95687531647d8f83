import type { InSteps } from "./in-turns.ts";

/** So many may be left for the moment that is shown. */
const FEW = 20;
/** What changes faster than it is drawn is drawn then, however much it is. */
const ROUNDS = 4;

/**
 * Draws things one by one, a step for each, and again those that changed meanwhile: what it returns gives each as it is when
 * it is asked, and has hardly anything left to do for it. `changes` counts up.
 */
export function* drawn<T, D>(
  things: () => readonly T[],
  changes: (thing: T) => number,
  draw: (thing: T) => D,
): InSteps<(thing: T) => D> {
  const known = new Map<T, { readonly changes: number; readonly drawing: D }>();
  for (let round = 0; round < ROUNDS; round++) {
    const stale = things().filter((thing) => known.get(thing)?.changes !== changes(thing));
    if (stale.length <= FEW) break;
    for (const thing of stale) {
      known.set(thing, { changes: changes(thing), drawing: draw(thing) });
      yield "next";
    }
  }
  return (thing) => {
    const found = known.get(thing);
    return found?.changes === changes(thing) ? found.drawing : draw(thing);
  };
}
