import type { SeenBy } from "./table-rows.ts";

/** How many endpoints of a cluster an Envoy has, and how many of them it takes for healthy. */
export interface Membership {
  readonly cluster: string;
  readonly endpoints: number;
  readonly healthy: number;
}

/** What differs from what the Envoy said before. */
export interface MembershipReading {
  readonly envoy: string;
  readonly changed: readonly Membership[];
  readonly gone: readonly string[];
  /** Nothing that it said before holds. */
  readonly fresh: boolean;
}

/** The word on endpoints of Envoys that tell only their number. */
export class Memberships {
  /** Cluster → Envoy. */
  readonly #clusters = new Map<string, Map<string, Membership>>();

  /** Returns the clusters that differ now. */
  apply({ envoy, changed, gone, fresh }: MembershipReading): readonly string[] {
    const touched = new Set<string>([...(fresh ? this.forget(envoy) : []), ...gone]);
    for (const cluster of gone) this.#remove(cluster, envoy);
    for (const membership of changed) {
      const { cluster } = membership;
      touched.add(cluster);
      const envoys = this.#clusters.get(cluster) ?? new Map<string, Membership>();
      this.#clusters.set(cluster, envoys.set(envoy, membership));
    }
    return [...touched];
  }

  /** Returns the clusters that it had. */
  forget(envoy: string): readonly string[] {
    const had = [...this.#clusters].flatMap(([cluster, envoys]) => (envoys.has(envoy) ? [cluster] : []));
    for (const cluster of had) this.#remove(cluster, envoy);
    return had;
  }

  names(): Iterable<string> {
    return this.#clusters.keys();
  }

  has(cluster: string): boolean {
    return this.#clusters.has(cluster);
  }

  of(cluster: string): readonly SeenBy[] {
    return [...(this.#clusters.get(cluster) ?? [])].map(([envoy, { endpoints, healthy }]) => ({
      envoy,
      healthy,
      endpoints,
    }));
  }

  #remove(cluster: string, envoy: string): void {
    const envoys = this.#clusters.get(cluster);
    envoys?.delete(envoy);
    if (envoys?.size === 0) this.#clusters.delete(cluster);
  }
}
