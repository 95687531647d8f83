import { LEFT_VIEWS, type LeftView } from "./address.ts";
import type { ConsoleState } from "./console-state.ts";

/** The views of the left side: backends only where there are some, or where a link leads to them. */
export function leftViews({ appliance, place }: Pick<ConsoleState, "appliance" | "place">): readonly LeftView[] {
  // The home of the objects is a source as well.
  const hasBackends = (appliance.status.value.answer?.sources.length ?? 0) > 1;
  return LEFT_VIEWS.filter((view) => view !== "backends" || hasBackends || place.value.left === "backends");
}
