/** What a key does, by `KeyboardEvent.key`; the help names them. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly words: string;
  readonly run: () => void;
}

/** Keys that scroll what has the focus: they are ours only where that is the page or the list of requests. */
const SCROLLING = ["ArrowDown", "ArrowUp", "Home"];

/** Listens on the whole page, except while somebody types or something lies over it. Returns what ends it. */
export function listenToKeys(shortcuts: readonly Shortcut[]): () => void {
  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if (target?.closest("input, textarea, select, dialog[open]") != null) return;
    // Escape closes what is open, and nothing below it.
    if (document.querySelector(":popover-open, dialog[open]") !== null) return;
    if (SCROLLING.includes(event.key) && target !== undefined && scrollsItself(target)) return;
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

function scrollsItself(target: HTMLElement): boolean {
  return target !== document.body && target.closest(".tail") === null;
}
