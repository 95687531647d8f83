import { signal } from "@preact/signals";
import type { AlertsAnswer, ObjectsAnswer, StatusAnswer } from "#api/answers.ts";
import { Poll, type Polled } from "../feed/poll.ts";

const NOTHING: Polled<never> = { answer: undefined, error: undefined };

/** What the API is asked again and again: how the appliance is, its alerts, its objects' problems. */
export class ApplianceState {
  readonly status = signal<Polled<StatusAnswer>>(NOTHING);
  readonly alerts = signal<Polled<AlertsAnswer>>(NOTHING);
  readonly problems = signal<Polled<ObjectsAnswer>>(NOTHING);
  readonly #alertsPoll: Poll<AlertsAnswer>;

  /** @param onHeard given the appliance's time, milliseconds since the epoch */
  constructor(onHeard: (time: number) => void, onSignedOut: () => void) {
    const onStatus = (polled: Polled<StatusAnswer>): void => {
      this.status.value = polled;
      if (polled.error === undefined && polled.answer !== undefined) onHeard(polled.answer.time);
    };
    const onAlerts = (polled: Polled<AlertsAnswer>): void => {
      this.alerts.value = polled;
    };
    const onProblems = (polled: Polled<ObjectsAnswer>): void => {
      this.problems.value = polled;
    };
    void new Poll({ path: "/status", every: 2000, onSignedOut, onAnswer: onStatus });
    this.#alertsPoll = new Poll({ path: "/alerts", every: 5000, onSignedOut, onAnswer: onAlerts });
    void new Poll({ path: "/objects?problems=true", every: 5000, onSignedOut, onAnswer: onProblems });
  }

  /** They were changed from here: asks at once. */
  alertsChanged(): void {
    this.#alertsPoll.again();
  }
}
