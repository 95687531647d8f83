import type { ReplicationAnswer } from "./answers.ts";
import type { FoundService } from "./ports/backends.ts";

/**
 * How many services and endpoints upstream has, and how many of those are here. What is held is no gap: it is here because
 * nobody has confirmed that it may go.
 */
export function replicationOf(services: readonly FoundService[]): ReplicationAnswer {
  const upstream = services.filter(({ isUpstream }) => isUpstream);
  const count = (of: FoundService["state"]): number => services.filter(({ state }) => state === of).length;
  return {
    services: { upstream: upstream.length, here: upstream.filter(({ state }) => state !== "unplaced").length },
    endpoints: {
      upstream: upstream.reduce((sum, { upstreamEndpoints }) => sum + upstreamEndpoints, 0),
      here: upstream.reduce((sum, { endpoints, upstreamEndpoints }) => sum + Math.min(endpoints, upstreamEndpoints), 0),
    },
    heldServices: count("held"),
    unplacedServices: count("unplaced"),
  };
}
