import type { DependedService, DependentRoute } from "#api/ports/backends.ts";
import { compareText } from "#lib/compare.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import { clusterName, type IrCluster, type IrEndpoints, type IrItem, type UpstreamIdentity } from "#translate/ir.ts";

/** The routes that send traffic to upstreams of a backend, each once although it stands in several route tables. */
export function dependentRoutes(items: Iterable<IrItem>, backend: string): readonly DependentRoute[] {
  const clusters = new Map<string, IrCluster>();
  const endpoints = new Map<string, IrEndpoints>();
  const routes = new Map<string, { owner: ObjectRef | undefined; host: string; route: string; targets: Targets }>();
  for (const item of items) {
    if (item.type === "cluster") clusters.set(item.name, item);
    else if (item.type === "endpoints") endpoints.set(item.name, item);
    else if (item.type === "virtualHost") {
      for (const { name, owner, action } of item.routes) {
        // Mirrors are not among them: nobody waits for their answers.
        if (action.type !== "forward") continue;
        const words = owner === undefined ? "" : formatRef(owner);
        routes.set(`${words} ${item.host} ${name}`, { owner, host: item.host, route: name, targets: action.clusters });
      }
    } else if (item.type === "listener" && "cluster" in item.serves) {
      const { name, serves } = item;
      const targets = [{ name: serves.cluster, weight: 1 }];
      routes.set(` ${name}`, { owner: undefined, host: "", route: `${serves.protocol} listener ${name}`, targets });
    }
  }
  return [...routes]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, { owner, host, route, targets }]): DependentRoute[] => {
      const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
      const services: DependedService[] = [];
      let remaining = 0;
      for (const { name, weight } of targets) {
        const cluster = clusters.get(name);
        if (cluster === undefined) continue;
        // A fallback has no share of its own: it gets what those before it cannot take.
        const share = weights === 0 ? 0 : weight / weights;
        for (const [upstream, count] of countByUpstream(cluster, endpoints.get(name))) {
          if (upstream.backend !== backend) remaining += count;
          else {
            const { namespace, service, port } = upstream;
            const own = upstream === cluster.upstream ? share : 0;
            services.push({ namespace, name: service, port, share: own, endpoints: count });
          }
        }
      }
      if (services.length === 0) return [];
      return [{ ...(owner === undefined ? {} : { owner }), host, route, services, remaining }];
    });
}

type Targets = readonly { readonly name: string; readonly weight: number }[];

/** How many endpoints a cluster has of its own upstream and of each that takes over. */
function countByUpstream(
  { upstream, fallbacks = [] }: IrCluster,
  found: IrEndpoints | undefined,
): readonly (readonly [UpstreamIdentity, number])[] {
  const counts = new Map<string, number>();
  for (const { of = upstream } of found?.endpoints ?? []) {
    const name = clusterName(of);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [upstream, ...fallbacks].map((each) => [each, counts.get(clusterName(each)) ?? 0]);
}
