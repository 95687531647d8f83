import { signal } from "@preact/signals";
import type { BackendDetailAnswer, BackendsAnswer, HeldConfirmedAnswer } from "#api/answers.ts";
import { fetchJson, Poll, type Polled } from "../feed/poll.ts";

/** The platforms on which upstreams are found: asked only while somebody looks at them. */
export class BackendsState {
  readonly list = signal<Polled<BackendsAnswer>>({ answer: undefined, error: undefined });
  /** Of those that are open. */
  readonly details = signal<ReadonlyMap<string, BackendDetailAnswer>>(new Map());
  readonly #onSignedOut: () => void;
  #listPoll: Poll<BackendsAnswer> | undefined;
  readonly #detailPolls = new Map<string, Poll<BackendDetailAnswer>>();

  constructor(onSignedOut: () => void) {
    this.#onSignedOut = onSignedOut;
  }

  /** Asks until what it returns is disposed of. */
  follow(): Disposable {
    const onAnswer = (polled: Polled<BackendsAnswer>): void => {
      this.list.value = polled;
    };
    this.#listPoll = new Poll({ path: "/backends", every: 3000, onSignedOut: this.#onSignedOut, onAnswer });
    return {
      [Symbol.dispose]: () => {
        this.#listPoll?.[Symbol.dispose]();
        this.open([]);
      },
    };
  }

  /** The backends whose details are asked for, and no others. */
  open(names: readonly string[]): void {
    for (const [name, poll] of this.#detailPolls) {
      if (names.includes(name)) continue;
      poll[Symbol.dispose]();
      this.#detailPolls.delete(name);
    }
    for (const name of names) {
      if (!this.#detailPolls.has(name)) this.#detailPolls.set(name, this.#askFor(name));
    }
  }

  /** Lets go what is held of a backend. Resolves to what went wrong, in words; undefined: nothing. */
  async confirm(name: string): Promise<string | undefined> {
    const path = `/backends/${encodeURIComponent(name)}/confirm`;
    const { error } = await fetchJson<HeldConfirmedAnswer>(path, { method: "POST" });
    this.#listPoll?.again();
    this.#detailPolls.get(name)?.again();
    return error;
  }

  #askFor(name: string): Poll<BackendDetailAnswer> {
    return new Poll<BackendDetailAnswer>({
      path: `/backends/${encodeURIComponent(name)}`,
      every: 3000,
      onSignedOut: this.#onSignedOut,
      onAnswer: ({ answer }) => {
        if (answer !== undefined) this.details.value = new Map([...this.details.value, [name, answer]]);
      },
    });
  }
}
