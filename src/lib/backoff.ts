export interface BackoffLimits {
  /** Milliseconds before the second try. */
  readonly least: number;
  /** Milliseconds that no wait exceeds, except where a server asks for more. */
  readonly most: number;
}

/** How long to wait before the next try: twice as long each time, less a random part so that many do not try at once. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1 */
  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Milliseconds; at least `asked`, where the server said when it wants to be asked again. */
  next(asked = 0): number {
    const { least, most } = this.#limits;
    const wait = Math.min(most, least * 2 ** Math.min(this.#failures++, 30));
    return Math.max(asked, wait * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#failures = 0;
  }
}
