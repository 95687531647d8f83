import type { Problem } from "#lib/problem.ts";
import { type Cycle, type CycleTimes, readScopes, runCycles } from "./cycles.ts";
import type { Discoverer, DiscoveryReport, Platform } from "./discoverer.ts";
import type { Instance } from "./instance.ts";
import type { Fixes } from "./platform-error.ts";
import { allWithoutRefused, type RefuseUpstream } from "./refuse-upstream.ts";
import type { FoundServices } from "./services-of-machines.ts";
import {
  type InstancePlace,
  type InstanceRules,
  type InstanceTerms,
  translateInstances,
} from "./translate-instances.ts";

/** A part of a cloud that is listed by itself. */
export interface InstanceListing {
  readonly place: InstancePlace;
  /** What is told of it when it fails: `region eu-west-1`. */
  readonly words: string;
  /** Every instance of it, and what is wrong with those that cannot be read. Throws PlatformError: half of a list is none. */
  list(
    signal: AbortSignal,
  ): Promise<{ readonly instances: readonly Instance[]; readonly problems: readonly Problem[] }>;
}

export interface InstancesDiscovererOptions {
  readonly platform: Platform;
  /** At least one; each scope once. */
  readonly listings: readonly InstanceListing[];
  readonly rules: InstanceRules;
  readonly terms: InstanceTerms;
  readonly fixes: Fixes;
  readonly refuse: RefuseUpstream;
  readonly times: CycleTimes;
}

/**
 * A cloud of machines as a platform: all tagged ones in each cycle. A listing that cannot be read keeps what it had, and is its
 * own problem; when none can be, the platform has failed.
 */
export class InstancesDiscoverer implements Discoverer {
  readonly platform: Platform;
  readonly #options: InstancesDiscovererOptions;

  constructor(options: InstancesDiscovererOptions) {
    this.platform = options.platform;
    this.#options = options;
  }

  run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    const { times, fixes } = this.#options;
    return runCycles((ended) => this.#cycle(ended), times, fixes, report, signal);
  }

  #cycle(signal: AbortSignal): Promise<Cycle> {
    const { listings, fixes } = this.#options;
    const scopes = listings.map((listing) => ({
      id: listing.place.scope,
      words: listing.words,
      read: () => this.#read(listing, signal),
    }));
    return readScopes(scopes, fixes, signal);
  }

  async #read(listing: InstanceListing, signal: AbortSignal): Promise<FoundServices> {
    const { rules, terms, refuse } = this.#options;
    const { instances, problems } = await listing.list(signal);
    const translated = translateInstances(instances, listing.place, rules, terms);
    const allowed = allWithoutRefused(translated.services, refuse);
    return {
      services: allowed.services,
      problems: [...problems, ...translated.problems, ...allowed.problems],
    };
  }
}
