import { START } from "./address.ts";
import type { ConsoleState } from "./console-state.ts";
import { leftViews } from "./left-views.ts";
import type { Shortcut } from "./keyboard.ts";

interface Page {
  readonly focusFilter: () => void;
  readonly showHelp: () => void;
}

/** The keys of the console, for listening and for the help. */
export function shortcuts(state: ConsoleState, page: Page): readonly Shortcut[] {
  return [
    { keys: ["/"], words: "filter", run: page.focusFilter },
    { keys: ["j", "ArrowDown"], words: "next request, older", run: () => moveSelection(state, -1) },
    { keys: ["k", "ArrowUp"], words: "previous request, newer", run: () => moveSelection(state, 1) },
    { keys: [" "], words: "pause, or go on", run: () => state.togglePause() },
    { keys: ["g", "Home"], words: "newest request", run: () => moveToNewest(state) },
    { keys: ["f"], words: "failures only, or all", run: () => toggleFailures(state) },
    { keys: ["v"], words: "tables, flow, talkers, backends", run: () => nextView(state) },
    {
      keys: ["Escape"],
      words: "close the request; back to live; drop focus; drop the filter",
      run: () => stepBack(state),
    },
    { keys: ["?"], words: "this help", run: page.showHelp },
  ];
}

function moveSelection(state: ConsoleState, step: number): void {
  const { rows } = state.requests.view.value;
  const selected = state.selected.value;
  if (selected === undefined) {
    state.selected.value = rows.at(-1);
    return;
  }
  const index = rows.findLastIndex(({ id }) => id === selected.id);
  const next = rows[index + step];
  // One that has left the list leads back to its top.
  if (index < 0) state.selected.value = rows.at(-1);
  else if (next !== undefined) state.selected.value = next;
}

function moveToNewest(state: ConsoleState): void {
  state.requests.showWaiting();
  if (state.selected.value !== undefined) state.selected.value = state.requests.view.value.rows.at(-1);
}

/** Only what failed, by the reason for which a request is kept. */
export function toggleFailures(state: ConsoleState): void {
  const { filter } = state.place.value;
  const isOn = filter.kept?.length === 1 && filter.kept[0] === "failure";
  const { kept: _, ...others } = filter;
  state.go({ filter: isOn ? others : { ...others, kept: ["failure"] } });
}

function nextView(state: ConsoleState): void {
  const views = leftViews(state);
  const next = views[views.indexOf(state.place.value.left) + 1] ?? START.left;
  state.go({ left: next });
}

function stepBack(state: ConsoleState): void {
  if (state.selected.value !== undefined) state.selected.value = undefined;
  else if (state.place.value.at !== undefined) state.go({ at: undefined });
  else if (state.place.value.focus !== undefined) state.go({ focus: undefined });
  else state.go({ filter: {} });
}
