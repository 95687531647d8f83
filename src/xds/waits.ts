interface Wait {
  /** By the clock. */
  readonly end: number;
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
    const latest = this.#now() + millis;
    if (wait === undefined || wait.end > latest) {
      this.#start(key, latest);
      return false;
    }
    if (!wait.passed && this.#now() < wait.end) return false;
    this.cancel(key);
    return true;
  }

  /** Lets a wait last `millis` longer than each of the others that goes on. False where none does. */
  isAfter(key: string, others: readonly string[], millis: number): boolean {
    const ends = others.flatMap((other) => this.#waits.get(other)?.end ?? []);
    if (ends.length === 0) return false;
    const end = Math.max(...ends) + millis;
    if (this.#waits.get(key)?.end !== end) this.#start(key, end);
    return true;
  }

  #start(key: string, end: number): void {
    this.cancel(key);
    const timer = this.#setTimer(() => this.#passed(key), end - this.#now());
    this.#waits.set(key, { end, timer, passed: false });
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
