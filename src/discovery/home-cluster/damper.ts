import type { Clock } from "#kubernetes/clock.ts";

/** How often something may be put right at once, and the times between after that, in milliseconds. */
const AT_ONCE = 3;
const FIRST = 1000;
const LONGEST = 60_000;
/** After so long without an occasion all is forgotten. */
const QUIET = 120_000;

/**
 * Somebody who writes what we put right, as often as we do: of two that fight, one has to become slower. The first few
 * times are answered at once.
 */
export class Damper<K> {
  readonly #clock: Clock;
  /** In the order of their last occasions. */
  readonly #known = new Map<K, { readonly times: number; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another occasion: how long to wait before it is answered. */
  next(key: K): number {
    const now = this.#clock.monotonic();
    this.#forget(now);
    const times = (this.#known.get(key)?.times ?? 0) + 1;
    // Behind all others: the first of them are those that have been quiet for longest.
    this.#known.delete(key);
    this.#known.set(key, { times, at: now });
    return times <= AT_ONCE ? 0 : Math.min(LONGEST, FIRST * 2 ** (times - AT_ONCE - 1));
  }

  /** How many are remembered: those of the last two minutes before the last occasion. */
  get size(): number {
    return this.#known.size;
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#known) {
      if (now - at <= QUIET) return;
      this.#known.delete(key);
    }
  }
}
