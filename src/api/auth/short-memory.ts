export interface ShortMemoryOptions {
  /** Entries; the oldest gives way. */
  readonly most: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An answer and how long it is good; times are milliseconds since the epoch. */
export interface Remembered<T> {
  readonly value: T;
  readonly until: number;
  /** From when on it is asked for anew while it is still used, so that nobody waits; never, unless given. */
  readonly renewFrom?: number;
}

/** Answers that cost something to get: each is asked for once at a time, and kept for as long as it says. */
export class ShortMemory<T> {
  readonly #options: ShortMemoryOptions;
  readonly #kept = new Map<string, Remembered<T>>();
  readonly #asked = new Map<string, Promise<Remembered<T>>>();

  constructor(options: ShortMemoryOptions) {
    this.#options = options;
  }

  /** What is known and still good. */
  get(key: string): Remembered<T> | undefined {
    const found = this.#kept.get(key);
    return found !== undefined && found.until > this.#options.now() ? found : undefined;
  }

  /** Rejects as `ask` does, unless what is known is still good: a failure is not kept. */
  async getOr(key: string, ask: () => Promise<Remembered<T>>): Promise<Remembered<T>> {
    const found = this.get(key);
    if (found === undefined) return this.#ask(key, ask);
    if ((found.renewFrom ?? Infinity) <= this.#options.now()) this.#ask(key, ask).catch(() => {});
    return found;
  }

  #ask(key: string, ask: () => Promise<Remembered<T>>): Promise<Remembered<T>> {
    const underWay = this.#asked.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#asking(key, ask);
    this.#asked.set(key, asked);
    return asked;
  }

  async #asking(key: string, ask: () => Promise<Remembered<T>>): Promise<Remembered<T>> {
    try {
      const answer = await ask();
      this.#keep(key, answer);
      return answer;
    } finally {
      this.#asked.delete(key);
    }
  }

  #keep(key: string, answer: Remembered<T>): void {
    this.#kept.delete(key);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < this.#options.most) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(key, answer);
  }
}
