import type { Logger } from "#lib/log.ts";
import { silentLogger } from "#lib/log.ts";
import { errorMessage } from "#lib/error-message.ts";
import { LeaderElection, type LeaderOptions } from "./leader.ts";

/** One time of leading, from its election to its end. */
export interface Term {
  /** Stops every write when the term ends. */
  readonly signal: AbortSignal;
  /** Milliseconds for which this one surely leads still: the most that a write may take. */
  readonly remaining: number;
}

/** What only the leader does. */
export interface Duty {
  /** Works until the term's signal. Rejects only when a promise of the code is broken. */
  lead(term: Term): Promise<void>;
}

export interface LeadershipState {
  readonly leads: boolean;
  /** Who leads, as it was seen last; empty when nobody does. */
  readonly holder: string;
  readonly identity: string;
}

/** Stands for election, and has the duties of the leader done while it leads: one term after the other, never two at once. */
export class Leadership {
  readonly #election: LeaderElection;
  readonly #identity: string;
  readonly #log: Logger;
  #duties: readonly Duty[] = [];
  #end: AbortController | undefined;
  #terms: Promise<unknown> = Promise.resolve();

  constructor(options: Omit<LeaderOptions, "onChange">) {
    this.#identity = options.identity;
    this.#log = options.log ?? silentLogger;
    this.#election = new LeaderElection({ ...options, onChange: (leads) => this.#change(leads) });
  }

  state(): LeadershipState {
    const { leads, holder } = this.#election;
    return { leads, holder, identity: this.#identity };
  }

  /** Until the signal; then the Lease is given back, and the last term is over. Runs once. */
  async run(duties: readonly Duty[], signal: AbortSignal): Promise<void> {
    this.#duties = duties;
    await this.#election.run(signal);
    await this.#terms;
  }

  #change(leads: boolean): void {
    this.#end?.abort();
    this.#end = undefined;
    if (!leads) return;
    const end = new AbortController();
    this.#end = end;
    const election = this.#election;
    const term: Term = {
      signal: end.signal,
      get remaining() {
        return end.signal.aborted ? 0 : election.remaining;
      },
    };
    // What is left of the term before is over first.
    this.#terms = this.#terms.then(() => Promise.all(this.#duties.map((duty) => this.#do(duty, term))));
  }

  async #do(duty: Duty, term: Term): Promise<void> {
    try {
      if (!term.signal.aborted) await duty.lead(term);
    } catch (error) {
      this.#log.error("a duty of the leader ended by itself", { reason: errorMessage(error) });
    }
  }
}
