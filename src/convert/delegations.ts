import { compareText } from "#lib/compare.ts";
import type { IngressRoute } from "#resources/ingressroute.ts";

/** Who delegates what to whom, among some IngressRoutes. */
export class Delegations {
  /** `namespace/name` → prefix → who. */
  readonly #byName = new Map<string, Map<string, Set<string>>>();

  constructor(routes: readonly IngressRoute[]) {
    for (const { metadata, spec } of routes) {
      for (const { match, delegate } of spec.routes) {
        if (delegate === undefined) continue;
        const to = `${delegate.namespace ?? metadata.namespace}/${delegate.name}`;
        const prefixes = this.#byName.get(to) ?? new Map<string, Set<string>>();
        this.#byName.set(to, prefixes);
        const sources = prefixes.get(match) ?? new Set();
        prefixes.set(match, sources.add(`${metadata.namespace}/${metadata.name}`));
      }
    }
  }

  /** The prefixes that are delegated to it, sorted, each once; none for a root, which is nobody's. */
  prefixesOf({ metadata, spec }: IngressRoute): readonly string[] {
    if (spec.virtualhost !== undefined) return [];
    const prefixes = this.#byName.get(`${metadata.namespace}/${metadata.name}`) ?? new Map();
    return [...prefixes.keys()].sort(compareText);
  }

  /** Who delegates this prefix to it, in words. */
  sourcesOf({ metadata }: IngressRoute, prefix: string): string {
    const sources = this.#byName.get(`${metadata.namespace}/${metadata.name}`)?.get(prefix) ?? [];
    return [...sources].sort(compareText).join(", ");
  }
}
