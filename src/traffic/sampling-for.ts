import type { NamespaceScope } from "./filter.ts";
import type { SamplingState } from "./messages.ts";

/** The state as a scope is told it: how much traffic there is in all is not for those who see some namespaces only. */
export function samplingFor(state: SamplingState, scope: NamespaceScope): SamplingState {
  return scope === "all" ? state : { ...state, received: undefined, requests: undefined };
}
