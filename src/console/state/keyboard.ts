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
    if (target?.closest("input, textarea, select, dialog[open]") !== null && target !== undefined) return;
    // A closed dialog may keep the focus for a moment: its button is out of sight and takes nothing.
    const isHidden = target?.closest("dialog:not([open])") != null;
    // A focused button takes Space and Enter for itself.
    if (!isHidden && (event.key === " " || event.key === "Enter") && target?.closest("button, a, summary") != null)
      return;
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
  }
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
