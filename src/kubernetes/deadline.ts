import { type Clock, pause } from "./clock.ts";
import { KubeError } from "./kube-error.ts";

/** One call's signal: the caller's, and a time by which something must have been heard. Its reason is a {@link KubeError}. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #clock: Clock;
  readonly #call: string;
  #cancel: (() => void) | undefined;

  constructor(outer: AbortSignal, clock: Clock, call: string) {
    this.#outer = outer;
    this.#clock = clock;
    this.#call = call;
    if (outer.aborted) this.#stop();
    else outer.addEventListener("abort", this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on the call ends with a `Timeout` after these milliseconds, unless this is called again. */
  within(milliseconds: number, missed: string): void {
    this.#cancel?.();
    if (this.signal.aborted) return;
    this.#cancel = this.#clock.schedule(() => {
      const message = `${this.#call}: ${missed} within ${milliseconds / 1000} s`;
      this.#controller.abort(new KubeError(message, { code: 0, reason: "Timeout" }));
    }, milliseconds);
  }

  /** Nothing is waited for just now. */
  rest(): void {
    this.#cancel?.();
  }

  async pause(milliseconds: number): Promise<void> {
    await pause(this.#clock, milliseconds, this.signal);
    this.signal.throwIfAborted();
  }

  /** The promise's value, unless the call ends before: then its reason is thrown and the promise goes on unheard. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const end = (): void => reject(this.signal.reason);
    if (this.signal.aborted) end();
    else this.signal.addEventListener("abort", end, { once: true });
    try {
      return await Promise.race([promise, ended]);
    } finally {
      this.signal.removeEventListener("abort", end);
      promise.catch(() => {});
      ended.catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#outer.removeEventListener("abort", this.#stop);
  }

  readonly #stop = (): void => {
    this.#cancel?.();
    this.#controller.abort(new KubeError(`${this.#call}: stopped`, { code: 0, reason: "Aborted" }));
  };
}
