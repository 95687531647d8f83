/**
 * How many rows may pass: so many a second, saved up for a second, because what comes in comes in bursts. `now` in
 * milliseconds.
 */
export class RowAllowance {
  readonly #perSecond: number;
  #saved: number;
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#saved = perSecond;
    this.#at = now;
  }

  /** How many may pass now; those that do are told by {@link spend}. */
  available(now: number): number {
    this.#saved = Math.min(this.#perSecond, this.#saved + (Math.max(0, now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    return Math.floor(this.#saved);
  }

  spend(rows: number): void {
    this.#saved -= rows;
  }
}
