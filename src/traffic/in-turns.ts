/** Between two steps of a work: `next` as soon as there is time, `turn`: what comes is so long that it gets a turn of its own. */
export type StepEnd = "next" | "turn";

/** Work in steps of at most some milliseconds. */
export type InSteps<T> = Generator<StepEnd, T, void>;

/** Milliseconds of one turn that steps take, but for the last of them. */
const SLICE = 4;

/**
 * Does what is too long for one turn of the event loop, on the thread that also configures Envoy: one work after the other, a
 * few milliseconds in each turn, so that whatever else there is to do waits no longer than that.
 */
export class InTurns {
  readonly #later: (turn: () => void) => void;
  readonly #queue: InSteps<void>[] = [];

  /** `later` has something done in another turn of the event loop. */
  constructor(later: (turn: () => void) => void) {
    this.#later = later;
  }

  /** What the work throws is thrown in its turn, and ends that work alone. */
  add(work: InSteps<void>): void {
    this.#queue.push(work);
    if (this.#queue.length === 1) this.#later(() => this.#turn());
  }

  /** What comes of it. Rejects with what it throws. */
  do<T>(work: InSteps<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.add(settled(work, resolve, reject));
    return promise;
  }

  #turn(): void {
    const until = performance.now() + SLICE;
    try {
      for (let isOver = false; !isOver;) {
        isOver = this.#step() || performance.now() >= until;
      }
    } finally {
      if (this.#queue.length > 0) this.#later(() => this.#turn());
    }
  }

  /** Whether it was the turn's last. */
  #step(): boolean {
    let isDone = true;
    try {
      const { done, value } = this.#queue[0]?.next() ?? { done: true };
      isDone = done === true;
      return isDone || value === "turn";
    } finally {
      if (isDone) this.#queue.shift();
    }
  }
}

/** What comes of it when it is done at once. */
export function finished<T>(work: InSteps<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

function* settled<T>(work: InSteps<T>, resolve: (result: T) => void, reject: (error: unknown) => void): InSteps<void> {
  try {
    resolve(yield* work);
  } catch (error) {
    reject(error);
  }
}
