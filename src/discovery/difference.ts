import { isDeepStrictEqual } from "node:util";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";

/** What has to change so that one set of services becomes another. */
export interface Difference {
  /** New or saying something else, in the order of the new set. */
  readonly upserts: readonly DiscoveredService[];
  /** Sorted as the old set is. */
  readonly removals: readonly DiscoveredService[];
}

/**
 * The complete difference to `after`. What stands in an unread scope is not in the new set and stays all the same: nothing was
 * said about it.
 */
export function difference(
  before: ReadonlyMap<DiscoveredKey, DiscoveredService>,
  after: readonly DiscoveredService[],
  unread: readonly string[],
): Difference {
  const keys = new Set<DiscoveredKey>();
  const upserts = after.filter((service) => {
    const key = discoveredKey(service);
    if (keys.has(key)) return false;
    keys.add(key);
    return !isDeepStrictEqual(before.get(key), service);
  });
  const silent = new Set(unread);
  const removals = [...before].flatMap(([key, service]) =>
    keys.has(key) || silent.has(service.scope) ? [] : [service],
  );
  return { upserts, removals };
}
