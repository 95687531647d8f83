import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import type { BackendAnswer } from "#api/answers.ts";

interface ReleaseDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly backend: BackendAnswer | undefined;
  /** Resolves to what went wrong, in words; undefined: nothing. */
  readonly onRelease: (backend: string) => Promise<string | undefined>;
}

/** Asks once more before services that are held go. */
export function ReleaseDialog({ dialog, backend, onRelease }: ReleaseDialogProps) {
  const problem = useSignal<string | undefined>(undefined);
  const isAsked = useSignal(false);

  async function release(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (backend === undefined) return;
    isAsked.value = true;
    problem.value = await onRelease(backend.name);
    isAsked.value = false;
    if (problem.value === undefined) dialog.current?.close();
  }

  return (
    <dialog ref={dialog} class="dialog" aria-label="Let held services go" onClose={() => (problem.value = undefined)}>
      <form onSubmit={(event) => void release(event)}>
        <h2>
          Let {backend?.heldServices} {backend?.heldServices === 1 ? "service" : "services"} of {backend?.name} go?
        </h2>
        <p class="muted">
          Upstream has them no more, or without endpoints. If that is a mistake of the platform, they come back by
          themselves as soon as it is mended. Once they are gone, routes that name them answer 503.
        </p>
        <p class="filter-problem" role="alert">
          {problem.value}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Keep them
          </button>
          <button type="submit" class="button primary" disabled={isAsked.value}>
            Let them go
          </button>
        </div>
      </form>
    </dialog>
  );
}
