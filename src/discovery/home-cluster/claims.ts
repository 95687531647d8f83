import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "../discovered.ts";
import { discoveredName } from "../names.ts";
import type { Problem } from "#lib/problem.ts";
import { type HomeName, homeName } from "./home-model.ts";

/** A service that a backend wants in the home. */
export interface Claim {
  readonly backend: string;
  readonly key: DiscoveredKey;
  upstream: DiscoveredService;
  /** Why it is not as it should be there. */
  problems: readonly Problem[];
}

/** Who wants which name of the home. The first that wants it has it; the others wait for it. */
export class Claims {
  readonly #byHome = new Map<HomeName, Claim[]>();
  readonly #homes = new Map<string, HomeName>();

  /** Returns where it wants to be. */
  upsert(backend: string, upstream: DiscoveredService): HomeName {
    const home = homeOf(backend, upstream);
    const key = discoveredKey(upstream);
    this.#homes.set(identity(backend, key), home);
    const claims = this.#byHome.get(home) ?? [];
    this.#byHome.set(home, claims);
    const known = claims.find((claim) => claim.backend === backend && claim.key === key);
    if (known === undefined) claims.push({ backend, key, upstream, problems: [] });
    else known.upstream = upstream;
    return home;
  }

  /** Returns where it was. */
  remove(backend: string, upstream: DiscoveredService): HomeName {
    const home = homeOf(backend, upstream);
    const key = discoveredKey(upstream);
    const id = identity(backend, key);
    // It may have moved to another team meanwhile.
    if (this.#homes.get(id) === home) this.#homes.delete(id);
    const left = (this.#byHome.get(home) ?? []).filter((claim) => claim.backend !== backend || claim.key !== key);
    if (left.length === 0) this.#byHome.delete(home);
    else this.#byHome.set(home, left);
    return home;
  }

  /** Those that want the name; the first has it. */
  at(home: HomeName): readonly Claim[] {
    return this.#byHome.get(home) ?? [];
  }

  /** Where a service wants to be. */
  homeOf(backend: string, key: DiscoveredKey): HomeName | undefined {
    return this.#homes.get(identity(backend, key));
  }

  homes(): IterableIterator<HomeName> {
    return this.#byHome.keys();
  }

  *of(backend: string): Generator<{ readonly home: HomeName; readonly claim: Claim; readonly holder: Claim }> {
    for (const [home, claims] of this.#byHome) {
      const [holder] = claims;
      for (const claim of claims) if (claim.backend === backend && holder) yield { home, claim, holder };
    }
  }
}

/** No backend's name holds a `/`. */
function identity(backend: string, key: DiscoveredKey): string {
  return `${backend}/${key}`;
}

function homeOf(backend: string, { namespace, service }: DiscoveredService): HomeName {
  return homeName(namespace, discoveredName(backend, service));
}
