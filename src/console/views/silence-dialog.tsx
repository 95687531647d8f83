import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import type { AlertAnswer, NewSilence } from "#api/answers.ts";
import { fetchJson } from "../feed/poll.ts";

interface SilenceDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly alert: AlertAnswer | undefined;
  readonly onDone: () => void;
}

const SPANS = [
  { minutes: 30, words: "30 minutes" },
  { minutes: 120, words: "2 hours" },
  { minutes: 480, words: "8 hours" },
  { minutes: 1440, words: "1 day" },
  { minutes: 10_080, words: "1 week" },
] as const;

const USUAL_MINUTES = 120;

/** Asks how long and why, then silences exactly the alert's labels. */
export function SilenceDialog({ dialog, alert, onDone }: SilenceDialogProps) {
  const problem = useSignal<string | undefined>(undefined);
  const isAsked = useSignal(false);

  async function silence(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (alert === undefined || !(event.currentTarget instanceof HTMLFormElement)) return;
    const form = new FormData(event.currentTarget);
    const comment = form.get("comment");
    const body: NewSilence = {
      matchers: Object.entries(alert.labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
      comment: typeof comment === "string" ? comment : "",
      minutes: Number(form.get("minutes")),
    };
    const headers = { "content-type": "application/json" };
    isAsked.value = true;
    const { error } = await fetchJson("/silences", { method: "POST", headers, body: JSON.stringify(body) });
    isAsked.value = false;
    problem.value = error;
    if (error !== undefined) return;
    dialog.current?.close();
    onDone();
  }

  return (
    <dialog ref={dialog} class="dialog" aria-label="Silence an alert" onClose={() => (problem.value = undefined)}>
      <form key={alert?.fingerprint} onSubmit={(event) => void silence(event)}>
        <h2>Silence {alert?.name}</h2>
        <p class="muted">{alert?.summary}</p>
        <label>
          For
          <select name="minutes">
            {SPANS.map(({ minutes, words }) => (
              <option key={minutes} value={minutes} selected={minutes === USUAL_MINUTES}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Why
          <input
            name="comment"
            required
            maxLength={1000}
            placeholder="for those who find it at night"
            autocomplete="off"
          />
        </label>
        <p class="filter-problem" role="alert">
          {problem.value}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button type="submit" class="button primary" disabled={isAsked.value}>
            Silence
          </button>
        </div>
      </form>
    </dialog>
  );
}
