import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { StatusAnswer } from "#api/answers.ts";
import { Poll, type Polled } from "../feed/poll.ts";
import { EARLIER_QUERY, type EarlierRates, earlierRates, type InstantAnswer } from "../words/earlier.ts";

const MINUTE = 60_000;

/**
 * The totals of an hour and a day ago, from Prometheus, which is asked by those who may: its figures are of all namespaces. For
 * others, and while it does not answer, there are none.
 */
export class EarlierState {
  readonly rates = signal<readonly EarlierRates[]>([]);

  constructor(status: ReadonlySignal<Polled<StatusAnswer>>, onSignedOut: () => void) {
    let poll: Poll<InstantAnswer> | undefined;
    effect(() => {
      if (poll !== undefined || status.value.answer?.links.prometheus !== true) return;
      poll = new Poll<InstantAnswer>({
        base: "/prometheus/api/v1",
        path: `/query?${new URLSearchParams({ query: EARLIER_QUERY }).toString()}`,
        every: MINUTE,
        onSignedOut,
        onAnswer: ({ answer, error }) => {
          this.rates.value = answer === undefined || error !== undefined ? [] : earlierRates(answer);
        },
      });
    });
  }
}
