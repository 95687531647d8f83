import { replicationOf } from "#api/replication.ts";
import { serviceStates } from "#discovery/service-states.ts";
import { compareText } from "#lib/compare.ts";
import type { DiscoveryFeed } from "#monitoring/discovery-metrics.ts";
import type { DiscoveryPart } from "./discovery.ts";

/** What the metrics ask of discovery, counted when they are scraped. `now`: milliseconds since the epoch. */
export function discoveryFeed(
  { backends, placer }: Pick<DiscoveryPart, "backends" | "placer">,
  now: () => number,
): DiscoveryFeed {
  return () =>
    backends().flatMap((backend) => {
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
