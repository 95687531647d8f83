import { isDeepStrictEqual } from "node:util";
import { type DiscoveredKey, discoveredKey, type DiscoveredService, isWithin } from "./discovered.ts";

/** What has to change so that one set of services becomes another. */
export interface Difference {
  /** New or saying something else, in the order of the new set. */
  readonly upserts: readonly DiscoveredService[];
  /** In the order of the old set; also what moves to another team, as it was. */
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
  const told = new Map<DiscoveredKey, DiscoveredService>();
  for (const service of after) if (!told.has(discoveredKey(service))) told.set(discoveredKey(service), service);
  const silent = new Set(unread);
  return {
    upserts: [...told].flatMap(([key, service]) => (isDeepStrictEqual(before.get(key), service) ? [] : [service])),
    removals: [...before].flatMap(([key, service]) => {
      const now = told.get(key);
      const stays = now === undefined ? isWithin(service.scope, silent) : now.namespace === service.namespace;
      return stays ? [] : [service];
    }),
  };
}
