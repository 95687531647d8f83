import { type Clock, pause } from "./clock.ts";

export interface RateLimit {
  /** Calls a second in the long run. */
  readonly perSecond: number;
  /** Calls that may go at once after a quiet time. */
  readonly burst: number;
}

/** A token bucket in which calls queue in the order of their arrival. */
export class RateLimiter {
  readonly #limit: RateLimit | undefined;
  readonly #clock: Clock;
  /** Tokens at {@link #at}; below zero are those that wait. */
  #tokens: number;
  #at: number;

  /** @param limit nothing is limited without one */
  constructor(limit: RateLimit | undefined, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#tokens = limit?.burst ?? 0;
    this.#at = clock.monotonic();
  }

  /** Waits for a turn; at most until the signal says stop. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#limit === undefined) return;
    const { perSecond, burst } = this.#limit;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond) - 1;
    this.#at = now;
    if (this.#tokens < 0) await pause(this.#clock, (-this.#tokens / perSecond) * 1000, signal);
  }
}
