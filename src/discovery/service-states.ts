import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { Backend } from "./backend.ts";
import { countEndpoints, discoveredKey, type DiscoveredService } from "./discovered.ts";
import { discoveredName } from "./names.ts";
import type { Placer } from "./placer.ts";

/** One service of a backend: what upstream has of it, and what of that is here. */
export interface ServiceState {
  readonly backend: string;
  /** Where it stands upstream. */
  readonly scope: string;
  readonly service: string;
  /** Where it stands here, and the name of the Service. */
  readonly namespace: string;
  readonly name: string;
  /**
   * `replicated`: here as upstream has it. `held`: upstream lost it or its endpoints together with many others, and it stays as
   * it was until somebody confirms. `unplaced`: not here as upstream has it, with the problems that keep it away.
   */
  readonly state: "replicated" | "held" | "unplaced";
  readonly isUpstream: boolean;
  /** Each address with each of its ports counts, ready or not. */
  readonly upstreamEndpoints: number;
  /** Of those upstream has, and of what is held. */
  readonly endpoints: number;
  readonly problems: readonly Problem[];
}

/** All that a backend has or holds, sorted by namespace, then name, then where it stands upstream. */
export function serviceStates(
  backend: Pick<Backend, "name" | "status" | "applied" | "reported">,
  placer: Pick<Placer, "unplaced">,
): readonly ServiceState[] {
  const held = new Set(backend.status().held);
  const unplaced = placer.unplaced(backend.name);
  const reported = byKey(backend.reported());
  const applied = byKey(backend.applied());
  return [...new Map([...applied, ...reported])]
    .map(([key, known]): ServiceState => {
      const upstream = reported.get(key);
      const problems = unplaced.get(key) ?? [];
      const here = applied.get(key) ?? known;
      const state = held.has(key) ? "held" : problems.length > 0 ? "unplaced" : "replicated";
      return {
        backend: backend.name,
        scope: here.scope,
        service: here.service,
        namespace: here.namespace,
        name: discoveredName(backend.name, here.service),
        state,
        isUpstream: upstream !== undefined,
        upstreamEndpoints: upstream === undefined ? 0 : countEndpoints(upstream),
        endpoints: problems.length > 0 ? 0 : countEndpoints(here),
        problems,
      };
    })
    .sort(
      (a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.scope, b.scope),
    );
}

function byKey(services: Iterable<DiscoveredService>) {
  return new Map([...services].map((service) => [discoveredKey(service), service]));
}
