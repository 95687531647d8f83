/** Changes that keep coming are taken after this many quiet times at the latest. */
const LONGEST_WAIT = 5;

/**
 * Collects what changed until nothing more comes for a moment: a save is several events, and a checkout is thousands.
 * One reader; times are milliseconds.
 */
export class ChangeBatch {
  readonly #quiet: number;
  readonly #later = new Set<NodeJS.Timeout>();
  #items = new Set<string>();
  #first = 0;
  #last = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(quiet: number) {
    this.#quiet = quiet;
  }

  add(item: string): void {
    this.#last = performance.now();
    if (this.#items.size === 0) {
      this.#first = this.#last;
      this.#wake?.();
    }
    this.#items.add(item);
  }

  addLater(item: string, delay: number): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      this.add(item);
    }, delay);
    this.#later.add(timer);
  }

  /** What was added since the last call: waits for something, and then for quiet. `undefined` once the batch is closed. */
  async take(): Promise<ReadonlySet<string> | undefined> {
    for (let wait = this.#untilQuiet(); wait > 0 && !this.#closed; wait = this.#untilQuiet()) await this.#sleep(wait);
    if (this.#closed) return undefined;
    const items = this.#items;
    this.#items = new Set();
    return items;
  }

  /** Ends {@link take}, and forgets what was added. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#later) clearTimeout(timer);
    this.#later.clear();
    this.#wake?.();
  }

  #untilQuiet(): number {
    if (this.#items.size === 0) return Infinity;
    return Math.min(this.#last + this.#quiet, this.#first + this.#quiet * LONGEST_WAIT) - performance.now();
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === Infinity ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
