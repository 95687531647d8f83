import type { LeftView } from "../state/address.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { Tabs } from "./tabs.tsx";

const VIEWS: readonly { readonly value: LeftView; readonly label: string }[] = [
  { value: "tables", label: "Tables" },
  { value: "flow", label: "Flow" },
  { value: "talkers", label: "Talkers" },
];

/** Figures, or the picture of them. On a phone the row of panels does this. */
export function ViewSwitch({ state }: { readonly state: ConsoleState }) {
  return (
    <div class="view-switch">
      <Tabs label="View" choices={VIEWS} chosen={state.place.value.left} onChoose={(left) => state.go({ left })} />
    </div>
  );
}
