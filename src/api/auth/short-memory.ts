export interface ShortMemoryOptions {
  /** Entries; the oldest gives way. */
  readonly most: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An answer and until when it is good, in milliseconds since the epoch. */
export interface Remembered<T> {
  readonly value: T;
  readonly until: number;
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

  /** Rejects as `ask` does: a failure is not kept. */
  async getOr(key: string, ask: () => Promise<Remembered<T>>): Promise<Remembered<T>> {
    const found = this.get(key) ?? this.#asked.get(key);
    if (found !== undefined) return found;
    const asked = ask();
    this.#asked.set(key, asked);
    try {
      const answer = await asked;
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
