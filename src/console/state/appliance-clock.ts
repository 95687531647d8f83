/**
 * The appliance's clock, as far as its messages tell: ages are of its times, and the clock of whoever looks may be hours off.
 * All times are milliseconds since the epoch.
 */
export class ApplianceClock {
  readonly #local: () => number;
  #ahead = 0;

  /** @param local this machine's clock */
  constructor(local: () => number = Date.now) {
    this.#local = local;
  }

  /** A message that was made at `time` has just come. */
  heard(time: number): void {
    this.#ahead = time - this.#local();
  }

  now(): number {
    return this.at(this.#local());
  }

  /** What the appliance's clock shows when this machine's shows `local`. */
  at(local: number): number {
    return local + this.#ahead;
  }
}
