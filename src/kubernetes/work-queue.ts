import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import { type Clock, systemClock } from "./clock.ts";
import { isUnavailable, KubeError } from "./kube-error.ts";

export interface WorkQueueOptions<K extends string> {
  /** Makes what the key names as it should be by now. What it rejects with is told, and it is tried again. */
  readonly work: (key: K) => Promise<void>;
  /** Told of each failure. */
  readonly onFailure?: (key: K, error: unknown) => void;
  /** How many keys are worked on at once. */
  readonly parallel: number;
  readonly backoff?: BackoffLimits;
  readonly clock?: Clock;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/** What waits in a queue, failures included. */
export interface QueueState {
  readonly waiting: number;
  /** Since when the oldest waits, milliseconds since the epoch. */
  readonly oldest: number | undefined;
}

interface Delayed {
  readonly due: number;
  readonly cancel: () => void;
}

const BACKOFF: BackoffLimits = { least: 250, most: 300_000 };
/** While the server as a whole is in trouble, everybody waits. */
const TROUBLE: BackoffLimits = { least: 250, most: 30_000 };

/**
 * Keys of things that are to be brought into order. Each waits at most once, is never worked on twice at a time, and is tried
 * for ever, with a growing pause of its own; a server that cannot be reached or asks for patience makes all of them wait
 * together. In the order in which they came, but for those that failed.
 */
export class WorkQueue<K extends string> {
  readonly #options: WorkQueueOptions<K>;
  readonly #clock: Clock;
  readonly #ready = new Set<K>();
  readonly #delayed = new Map<K, Delayed>();
  readonly #working = new Set<K>();
  /** Named again while they are worked on. */
  readonly #again = new Set<K>();
  /** Since when each has not been as it should, milliseconds since the epoch. */
  readonly #since = new Map<K, number>();
  readonly #backoffs = new Map<K, Backoff>();
  readonly #trouble: Backoff;
  /** Monotonic: nothing is begun before. */
  #restUntil = -Infinity;
  readonly #idle = new Set<() => void>();

  constructor(options: WorkQueueOptions<K>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#trouble = new Backoff(TROUBLE, options.random);
  }

  state(): QueueState {
    let oldest: number | undefined;
    for (const since of this.#since.values()) if (oldest === undefined || since < oldest) oldest = since;
    return { waiting: this.#since.size, oldest };
  }

  /** Since when each that waits does, in milliseconds since the epoch. */
  waits(): ReadonlyMap<K, number> {
    return this.#since;
  }

  works(key: K): boolean {
    return this.#working.has(key);
  }

  /** @param wait milliseconds until it is its turn; a time that was set before and is sooner stands */
  add(key: K, wait = 0): void {
    if (!this.#since.has(key)) this.#since.set(key, this.#clock.now());
    if (this.#working.has(key)) this.#again.add(key);
    else if (!this.#ready.has(key)) this.#schedule(key, wait);
  }

  /** Works until the signal; what waits then is forgotten. Never rejects. Runs once. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wakeAll();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.all(Array.from({ length: this.#options.parallel }, () => this.#worker(signal)));
    signal.removeEventListener("abort", stop);
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#since.clear();
  }

  async #worker(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [key] = this.#ready;
      if (key === undefined || this.#clock.monotonic() < this.#restUntil) {
        await new Promise<void>((resolve) => this.#idle.add(resolve));
        continue;
      }
      this.#ready.delete(key);
      this.#working.add(key);
      let failure: unknown;
      try {
        await this.#options.work(key);
      } catch (error) {
        failure = error ?? new Error("no reason given");
      }
      this.#working.delete(key);
      if (signal.aborted) return;
      if (failure === undefined) this.#succeeded(key);
      else this.#failed(key, failure);
    }
  }

  #succeeded(key: K): void {
    this.#backoffs.delete(key);
    this.#trouble.reset();
    if (this.#again.delete(key)) this.#schedule(key, 0);
    else this.#since.delete(key);
  }

  #failed(key: K, error: unknown): void {
    this.#options.onFailure?.(key, error);
    const asked = error instanceof KubeError ? error.retryAfter : undefined;
    if (isUnavailable(error)) this.#rest(this.#trouble.next(asked));
    let backoff = this.#backoffs.get(key);
    if (backoff === undefined) {
      backoff = new Backoff(this.#options.backoff ?? BACKOFF, this.#options.random);
      this.#backoffs.set(key, backoff);
    }
    // What changed meanwhile may well succeed.
    const wait = this.#again.delete(key) ? 0 : backoff.next(asked);
    this.#schedule(key, wait);
  }

  #rest(milliseconds: number): void {
    const until = this.#clock.monotonic() + milliseconds;
    if (until <= this.#restUntil) return;
    this.#restUntil = until;
    this.#clock.schedule(() => this.#wakeAll(), Math.ceil(milliseconds) + 1);
  }

  #schedule(key: K, wait: number): void {
    const due = this.#clock.monotonic() + wait;
    const delayed = this.#delayed.get(key);
    if (delayed !== undefined && delayed.due <= due) return;
    delayed?.cancel();
    this.#delayed.delete(key);
    if (wait <= 0) return this.#become(key);
    const cancel = this.#clock.schedule(() => {
      this.#delayed.delete(key);
      this.#become(key);
    }, wait);
    this.#delayed.set(key, { due, cancel });
  }

  #become(key: K): void {
    this.#ready.add(key);
    const [wake] = this.#idle;
    if (wake === undefined) return;
    this.#idle.delete(wake);
    wake();
  }

  #wakeAll(): void {
    for (const wake of this.#idle) wake();
    this.#idle.clear();
  }
}
