import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";
import type { Difference } from "./difference.ts";

/** How many services have to go at once before they are held, and which part of their backend they have to be more than. */
const LEAST_LOST = 10;
const PART_LOST = 0.5;

export interface Guarded {
  /** What may take effect. */
  readonly difference: Difference;
  /** The services that stay as they were although upstream says otherwise: all of them, from now on. */
  readonly held: ReadonlySet<DiscoveredKey>;
}

/**
 * The guard on mass deletion: services deleted or endpoint sets emptied by one sync, more than half of a backend and at least
 * ten, are held until somebody confirms them or they come back. Endpoints that are replaced by others, or are not ready, are
 * no loss. What is held stays so when some of it returns, for a platform may recover piece by piece.
 *
 * @param applied what is in effect, held services included
 * @param reported what upstream has now
 * @param difference from `applied` to `reported`, or the part of it that one report changed
 */
export function guardDeletion(
  applied: ReadonlyMap<DiscoveredKey, DiscoveredService>,
  reported: ReadonlyMap<DiscoveredKey, DiscoveredService>,
  { upserts, removals }: Difference,
  heldBefore: ReadonlySet<DiscoveredKey>,
): Guarded {
  const isLost = (key: DiscoveredKey): boolean => isLoss(applied.get(key), reported.get(key));
  const held = new Set([...heldBefore].filter(isLost));
  const losses = [...upserts, ...removals].map(discoveredKey).filter((key) => isLost(key) && !held.has(key));
  const lost = held.size + losses.length;
  if (lost >= LEAST_LOST && lost > applied.size * PART_LOST) for (const key of losses) held.add(key);
  const passes = (service: DiscoveredService): boolean => !held.has(discoveredKey(service));
  return { difference: { upserts: upserts.filter(passes), removals: removals.filter(passes) }, held };
}

function isLoss(before: DiscoveredService | undefined, after: DiscoveredService | undefined): boolean {
  if (before === undefined) return false;
  if (after === undefined) return true;
  return after.externalName === undefined && hasEndpoints(before) && !hasEndpoints(after);
}

function hasEndpoints({ endpoints }: DiscoveredService): boolean {
  return endpoints.some((group) => group.endpoints.length > 0);
}
