interface Wait {
  readonly since: number;
  readonly timer: { cancel(): void };
  /** The timer has run. It counts as well as the clock: Node's may run up to a millisecond before the clock says so. */
  passed: boolean;
}

/** Bounded waits by name: asked again and again whether one is over, it says so once its time has passed. */
export class Waits {
  readonly #now: () => number;
  readonly #setTimer: (run: () => void, millis: number) => { cancel(): void };
  readonly #over: () => void;
  readonly #waits = new Map<string, Wait>();

  /** `over` is called when a wait's time has passed, to ask again. */
  constructor(now: () => number, setTimer: (run: () => void, millis: number) => { cancel(): void }, over: () => void) {
    this.#now = now;
    this.#setTimer = setTimer;
    this.#over = over;
  }

  /** Starts the wait at the first call. True once `millis` have passed since then; the wait is then forgotten. */
  isOver(key: string, millis: number): boolean {
    const wait = this.#waits.get(key);
    if (wait === undefined) {
      const timer = this.#setTimer(() => this.#passed(key), millis);
      this.#waits.set(key, { since: this.#now(), timer, passed: false });
      return false;
    }
    if (!wait.passed && this.#now() - wait.since < millis) return false;
    this.cancel(key);
    return true;
  }

  cancel(key: string): void {
    this.#waits.get(key)?.timer.cancel();
    this.#waits.delete(key);
  }

  #passed(key: string): void {
    const wait = this.#waits.get(key);
    if (wait !== undefined) wait.passed = true;
    this.#over();
  }

  close(): void {
    for (const key of this.#waits.keys()) this.cancel(key);
  }
}
