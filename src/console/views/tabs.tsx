import type { ComponentChildren } from "preact";

interface TabsProps<T extends string | number> {
  readonly label: string;
  readonly choices: readonly { readonly value: T; readonly label: ComponentChildren }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** A small row of buttons of which one is down. */
export function Tabs<T extends string | number>({ label, choices, chosen, onChoose }: TabsProps<T>) {
  return (
    <div class="tabs" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          type="button"
          key={choice.value}
          aria-pressed={choice.value === chosen}
          onClick={() => onChoose(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
