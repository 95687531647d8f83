import type { LeftView } from "../state/address.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { leftViews } from "../state/left-views.ts";
import { Tabs } from "./tabs.tsx";

const LABELS: Readonly<Record<LeftView, string>> = {
  tables: "Tables",
  flow: "Flow",
  talkers: "Talkers",
  backends: "Backends",
};

/** Figures, or the picture of them. On a phone the row of panels does this. */
export function ViewSwitch({ state }: { readonly state: ConsoleState }) {
  const choices = leftViews(state).map((value) => ({ value, label: LABELS[value] }));
  return (
    <div class="view-switch">
      <Tabs label="View" choices={choices} chosen={state.place.value.left} onChoose={(left) => state.go({ left })} />
    </div>
  );
}
