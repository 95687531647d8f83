import type { ComponentChildren } from "preact";

interface PanelProps {
  readonly name: string;
  readonly class?: string;
  /** Beside the name, cut where it is too long. */
  readonly note?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A box with a name. */
export function Panel({ name, class: own = "", note, tools, children }: PanelProps) {
  return (
    <section class={`panel ${own}`} aria-label={name}>
      <div class="panel-head">
        <h2>{name}</h2>
        <span class="panel-note" title={typeof note === "string" ? note : undefined}>
          {note}
        </span>
        {tools}
      </div>
      {children}
    </section>
  );
}

/** What stands where nothing is yet, and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}
