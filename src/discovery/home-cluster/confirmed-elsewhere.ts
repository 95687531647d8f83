import type { Backend } from "../backend.ts";
import type { DiscoveryCache } from "../cache.ts";
import { type DiscoveredKey, discoveredKey } from "../discovered.ts";

/**
 * What an operator confirmed at the control plane that leads is held by the others still: each has a guard of its own. They see
 * it by the home, in which it stands no more, or without endpoints. The leader puts right what somebody else deleted, within
 * moments: so what is missing at two looks in a row was confirmed.
 */
export class ConfirmedElsewhere {
  readonly #home: Pick<DiscoveryCache, "load">;
  readonly #missing = new Map<string, ReadonlySet<DiscoveredKey>>();

  /** @param home what stands there of a backend */
  constructor(home: Pick<DiscoveryCache, "load">) {
    this.#home = home;
  }

  /** One look, by a control plane that does not lead. */
  look(backends: readonly Pick<Backend, "name" | "status" | "confirm">[]): void {
    for (const backend of backends) {
      const { held } = backend.status();
      const missing = held.length === 0 ? new Set<DiscoveredKey>() : this.#missingOf(backend.name, held);
      const before = this.#missing.get(backend.name);
      this.#missing.set(backend.name, missing);
      const confirmed = missing.intersection(before ?? new Set());
      if (confirmed.size > 0) backend.confirm("the control plane that leads", confirmed);
    }
  }

  /** This control plane leads now: it decides itself. */
  forget(): void {
    this.#missing.clear();
  }

  #missingOf(backend: string, held: readonly DiscoveredKey[]): ReadonlySet<DiscoveredKey> {
    const whole = new Set<DiscoveredKey>();
    for (const service of this.#home.load(backend).services) {
      if (service.endpoints.some(({ endpoints }) => endpoints.length > 0)) whole.add(discoveredKey(service));
    }
    return new Set(held.filter((key) => !whole.has(key)));
  }
}
