/** Milliseconds by which a clock is set back rather than corrected: a little is no loss. */
const STEP = 60_000;

/**
 * Notices a clock that is set back (an appliance's, once it is synchronised). It leaves times that are still to come: what was
 * noted then would keep out all that happens until the clock is there again.
 */
export class ClockWatch {
  #latest = Number.NEGATIVE_INFINITY;

  /** Whether the clock was set back since the last call; `now` in milliseconds since the epoch. */
  isSetBack(now: number): boolean {
    const isBack = now < this.#latest - STEP;
    this.#latest = isBack ? now : Math.max(this.#latest, now);
    return isBack;
  }
}
