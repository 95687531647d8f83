import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  /** On the button. */
  readonly words?: string;
}

/** Copies `text` and says so for a moment. */
export function CopyButton({ text, label, words = "Copy" }: CopyButtonProps) {
  const state = useSignal<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (state.value === "idle") return undefined;
    const timer = setTimeout(() => (state.value = "idle"), 1500);
    return () => clearTimeout(timer);
  }, [state.value]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      state.value = "copied";
    } catch {
      // Browsers give the clipboard to secure pages only: over plain HTTP that is localhost.
      state.value = "refused";
    }
  }

  return (
    <button type="button" class="quiet copy" aria-label={label} onClick={() => void copy()}>
      <span aria-live="polite">
        {state.value === "copied" ? "Copied" : state.value === "refused" ? "Not allowed" : words}
      </span>
    </button>
  );
}
