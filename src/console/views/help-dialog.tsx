import type { RefObject } from "preact";
import { FILTER_FIELDS } from "#api/traffic-filter.ts";
import type { Shortcut } from "../state/keyboard.ts";

interface HelpDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly shortcuts: readonly Shortcut[];
}

/** Keys, and the words of the filter. */
export function HelpDialog({ dialog, shortcuts }: HelpDialogProps) {
  return (
    <dialog ref={dialog} class="dialog help" aria-label="Help">
      <form method="dialog">
        <div class="help-columns" tabIndex={0} role="region" aria-label="Keys and filter">
          <section>
            <h2>Keys</h2>
            <dl class="fields">
              {shortcuts.map(({ keys, words }) => (
                <div key={words}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{keyWords(key)}</kbd>
                    ))}
                  </dt>
                  <dd>{words}</dd>
                </div>
              ))}
            </dl>
          </section>
          <section>
            <h2>Filter</h2>
            <p class="muted">
              Words of the form name:value; a word alone is part of the path. All must hold; the same name twice means
              either.
            </p>
            <dl class="fields">
              {FILTER_FIELDS.map(({ name, words, example }) => (
                <div key={name}>
                  <dt>
                    <code>{name}:</code>
                  </dt>
                  <dd>
                    {words}
                    {example === "" ? "" : <span class="muted">, {example}</span>}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        </div>
        <div class="dialog-actions">
          <button type="submit" class="button primary">
            Close
          </button>
        </div>
      </form>
    </dialog>
  );
}

function keyWords(key: string): string {
  switch (key) {
    case " ":
      return "Space";
    case "ArrowDown":
      return "↓";
    case "ArrowUp":
      return "↑";
    case "Escape":
      return "Esc";
    default:
      return key;
  }
}
