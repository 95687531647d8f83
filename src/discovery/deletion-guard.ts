import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";
import type { Difference } from "./difference.ts";

/** How many services have to go before they are held, and which part of their backend they have to be more than. */
const LEAST_LOST = 10;
const PART_LOST = 0.5;
/** What goes within this time goes together, in milliseconds: a mass that is deleted one by one is a mass. */
const TOGETHER = 600_000;

type Services = ReadonlyMap<DiscoveredKey, DiscoveredService>;

/**
 * The guard on mass deletion of one backend: services deleted or endpoint sets emptied, more than half of it and at least
 * ten, by one report or by several within ten minutes, are held until somebody confirms them or they come back. Endpoints that
 * are replaced by others, or are not ready, are no loss. What is held stays so when some of it returns, for a platform may
 * recover piece by piece.
 */
export class DeletionGuard {
  #held: ReadonlySet<DiscoveredKey> = new Set();
  /** What went and was let pass, and when, in milliseconds: it counts until it is back or long ago. */
  readonly #passed = new Map<DiscoveredKey, number>();

  /** The services that stay as they were although upstream says otherwise. */
  get held(): ReadonlySet<DiscoveredKey> {
    return this.#held;
  }

  /**
   * What of a difference may take effect now.
   *
   * @param applied what is in effect, held services included
   * @param reported what upstream has now
   * @param difference from `applied` to `reported`, or the part of it that one report changed
   * @param now milliseconds
   */
  pass(applied: Services, reported: Services, { upserts, removals }: Difference, now: number): Difference {
    for (const [key, at] of this.#passed)
      if (now - at > TOGETHER || isThere(reported.get(key))) this.#passed.delete(key);
    const isLost = (key: DiscoveredKey): boolean => isLoss(applied.get(key), reported.get(key));
    const held = new Set([...this.#held].filter(isLost));
    const losses = [...upserts, ...removals].map(discoveredKey).filter((key) => isLost(key) && !held.has(key));
    // What was emptied and is deleted now is lost once.
    const lost = new Set([...held, ...this.#passed.keys(), ...losses]).size;
    const gone = [...this.#passed.keys()].filter((key) => !applied.has(key)).length;
    const isMass = lost >= LEAST_LOST && lost > (applied.size + gone) * PART_LOST;
    for (const key of losses) {
      if (isMass) held.add(key);
      else this.#passed.set(key, now);
    }
    this.#held = held;
    const passes = (service: DiscoveredService): boolean => !held.has(discoveredKey(service));
    return { upserts: upserts.filter(passes), removals: removals.filter(passes) };
  }

  /** Somebody said that what went is meant to be gone, all or `only` these. Neither held nor counted any more, they are returned. */
  release(only?: ReadonlySet<DiscoveredKey>): readonly DiscoveredKey[] {
    const released = [...this.#held].filter((key) => only?.has(key) !== false);
    this.#held = this.#held.difference(new Set(released));
    this.#passed.clear();
    return released;
  }
}

function isLoss(before: DiscoveredService | undefined, after: DiscoveredService | undefined): boolean {
  return before !== undefined && !isThere(after) && (after === undefined || hasEndpoints(before));
}

/** Whether a service stands for something: one without endpoints that is a name is not empty. */
function isThere(service: DiscoveredService | undefined): boolean {
  return service !== undefined && (service.externalName !== undefined || hasEndpoints(service));
}

function hasEndpoints({ endpoints }: DiscoveredService): boolean {
  return endpoints.some((group) => group.endpoints.length > 0);
}
