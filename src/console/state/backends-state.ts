import { signal } from "@preact/signals";
import type { BackendDetailAnswer, BackendsAnswer, HeldConfirmedAnswer } from "#api/answers.ts";
import { type AgedAnswer, aged, NOT_ANSWERED } from "../feed/aged-answer.ts";
import { fetchJson, Poll } from "../feed/poll.ts";

/** The platforms on which upstreams are found: asked only while somebody looks at them. */
export class BackendsState {
  readonly list = signal<AgedAnswer<BackendsAnswer>>(NOT_ANSWERED);
  /** Of those that are open. */
  readonly details = signal<ReadonlyMap<string, AgedAnswer<BackendDetailAnswer>>>(new Map());
  readonly #onSignedOut: () => void;
  readonly #now: () => number;
  #listPoll: Poll<BackendsAnswer> | undefined;
  readonly #detailPolls = new Map<string, Poll<BackendDetailAnswer>>();

  /** @param now by the appliance's clock, milliseconds since the epoch */
  constructor(onSignedOut: () => void, now: () => number) {
    this.#onSignedOut = onSignedOut;
    this.#now = now;
  }

  /** Asks until what it returns is disposed of. */
  follow(): Disposable {
    this.#listPoll = new Poll<BackendsAnswer>({
      path: "/backends",
      every: 3000,
      onSignedOut: this.#onSignedOut,
      onAnswer: (polled) => {
        this.list.value = aged(polled, this.list.value, this.#now());
      },
    });
    return {
      [Symbol.dispose]: () => {
        this.#listPoll?.[Symbol.dispose]();
        this.open([]);
      },
    };
  }

  /** The backends whose details are asked for, and no others: nothing is known of those that are closed. */
  open(names: readonly string[]): void {
    for (const [name, poll] of this.#detailPolls) {
      if (names.includes(name)) continue;
      poll[Symbol.dispose]();
      this.#detailPolls.delete(name);
      this.details.value = new Map([...this.details.value].filter(([known]) => known !== name));
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
      onAnswer: (polled) => {
        const detail = aged(polled, this.details.value.get(name), this.#now());
        this.details.value = new Map([...this.details.value, [name, detail]]);
      },
    });
  }
}
