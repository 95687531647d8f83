import { replicationOf } from "#api/replication.ts";
import { serviceStates } from "#discovery/service-states.ts";
import { compareText } from "#lib/compare.ts";
import type { BackendMeasure, DiscoveryFeed } from "#monitoring/discovery-metrics.ts";
import type { DiscoveryPart } from "./discovery.ts";

/**
 * What the metrics ask of discovery, counted when they are scraped: once for all that are read in the same turn of the event
 * loop, for it looks at every service. `now`: milliseconds since the epoch.
 */
export function discoveryFeed(parts: DiscoveryParts, now: () => number): DiscoveryFeed {
  let counted: readonly BackendMeasure[] | undefined;
  return () => {
    if (counted !== undefined) return counted;
    counted = count(parts, now);
    setImmediate(() => (counted = undefined));
    return counted;
  };
}

type DiscoveryParts = Pick<DiscoveryPart, "backends" | "placer">;

function count({ backends, placer }: DiscoveryParts, now: () => number): readonly BackendMeasure[] {
  return backends().flatMap((backend) => {
    const { name, platform, goneAt } = backend.status();
    if (goneAt !== undefined && goneAt <= now()) return [];
    const { waiting, oldest } = placer.lag(name);
    const states = serviceStates(backend, placer);
    const namespaces = [...Map.groupBy(states, ({ namespace }) => namespace)]
      .sort(([a], [b]) => compareText(a, b))
      .map(([namespace, members]) => {
        const { services, endpoints } = replicationOf(members);
        return {
          namespace,
          upstreamServices: services.upstream,
          replicatedServices: services.here,
          upstreamEndpoints: endpoints.upstream,
          replicatedEndpoints: endpoints.here,
        };
      });
    const lagSeconds = oldest === undefined ? 0 : Math.max(0, now() - oldest) / 1000;
    const held = states.filter(({ state }) => state === "held").length;
    return [{ backend: name, platform, waiting, lagSeconds, held, namespaces }];
  });
}
