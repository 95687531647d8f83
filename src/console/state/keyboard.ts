/** What a key does, by `KeyboardEvent.key`; the help names them. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly words: string;
  readonly run: () => void;
}

/** Listens on the whole page, except while somebody types or a dialog is open. Returns what ends it. */
export function listenToKeys(shortcuts: readonly Shortcut[]): () => void {
  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if (target?.closest("input, textarea, select, dialog") !== null && target !== undefined) return;
    // A focused button takes Space and Enter for itself.
    if ((event.key === " " || event.key === "Enter") && target?.closest("button, a, summary") != null) return;
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
  }
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
