import type { CallOptions, KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import type { Term } from "./leadership.ts";
import type { RateLimiter } from "./rate-limit.ts";

/** Milliseconds. */
const LONGEST_WRITE = 10_000;

/**
 * The writes of one term of a leader: in their turn, and none that could outlast the term. A Lease does not fence, so
 * every write names the state that it replaces besides.
 */
export class TermWriter {
  readonly #client: KubeClient;
  readonly #limiter: RateLimiter;
  readonly #term: Term;

  constructor(client: KubeClient, limiter: RateLimiter, term: Term) {
    this.#client = client;
    this.#limiter = limiter;
    this.#term = term;
  }

  /** Throws {@link KubeError}: also `Aborted`, when the term is over. */
  async write<T>(call: (client: KubeClient, options: CallOptions) => Promise<T>): Promise<T> {
    const { signal } = this.#term;
    await this.#limiter.turn(signal);
    const { remaining } = this.#term;
    if (remaining <= 0) throw new KubeError("this control plane leads no more", { code: 0, reason: "Aborted" });
    return await call(this.#client, { signal, timeout: Math.min(LONGEST_WRITE, remaining) });
  }

  /** As {@link write}, in nobody's turn: it is only looked. */
  async read<T>(call: (client: KubeClient, options: CallOptions) => Promise<T>): Promise<T> {
    return await call(this.#client, { signal: this.#term.signal, timeout: LONGEST_WRITE });
  }
}
