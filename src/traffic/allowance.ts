/**
 * How many of something may pass: so many a second, saved up, by default for a second, because what comes in comes in bursts.
 * `now` in milliseconds.
 */
export class Allowance {
  readonly #perSecond: number;
  readonly #most: number;
  #saved: number;
  #at: number;

  constructor(perSecond: number, now: number, most = perSecond) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#saved = most;
    this.#at = now;
  }

  /** How many may pass now; those that do are told by {@link spend}. */
  available(now: number): number {
    this.#saved = Math.min(this.#most, this.#saved + (Math.max(0, now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    return Math.floor(this.#saved);
  }

  /** Whether one may pass now; it is spent then. */
  take(now: number): boolean {
    if (this.available(now) < 1) return false;
    this.spend(1);
    return true;
  }

  /** Milliseconds until one may pass. */
  wait(now: number): number {
    return this.available(now) >= 1 ? 0 : ((1 - this.#saved) * 1000) / this.#perSecond;
  }

  spend(count: number): void {
    this.#saved -= count;
  }
}
