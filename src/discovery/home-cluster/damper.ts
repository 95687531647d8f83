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
  readonly #known = new Map<K, { times: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another occasion: how long to wait before it is answered. */
  next(key: K): number {
    const now = this.#clock.monotonic();
    const known = this.#known.get(key);
    if (known === undefined || now - known.at > QUIET) {
      this.#known.set(key, { times: 1, at: now });
      return 0;
    }
    known.times++;
    known.at = now;
    return known.times <= AT_ONCE ? 0 : Math.min(LONGEST, FIRST * 2 ** (known.times - AT_ONCE - 1));
  }
}
