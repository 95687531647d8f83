import type { BackendDetailAnswer } from "./answers.ts";
import type { FoundService } from "./ports/backends.ts";

const NONE = { upstream: 0, here: 0 };

/** A backend of which there is nothing to say. */
export const QUIET_BACKEND: BackendDetailAnswer = {
  name: "east",
  platform: "kubernetes",
  state: "synced",
  since: 0,
  waiting: 0,
  problems: [],
  services: NONE,
  endpoints: NONE,
  heldServices: 0,
  unplacedServices: 0,
  namespaces: [],
  held: [],
  unplaced: [],
};

/** A service of that backend, as it is while it is held. */
export function heldService(name: string, changes: Partial<FoundService> = {}): FoundService {
  return {
    backend: "east",
    scope: "team-shop",
    service: name,
    namespace: "team-shop",
    name: `east-${name}`,
    state: "held",
    isUpstream: true,
    upstreamEndpoints: 0,
    endpoints: 1,
    problems: [],
    ...changes,
  };
}
