import type { Config } from "#config/config.ts";
import type { DiscoveryCache } from "#discovery/cache.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { DiscoveryPart } from "./discovery.ts";
import { FollowedBackends, type FollowedBackendsOptions, settling } from "./followed-backends.ts";
import type { HomeCluster } from "./home-cluster.ts";

export interface ClusterDiscoveryOptions {
  readonly configured: Config["backends"];
  readonly sink: ObjectSink;
  readonly cluster: HomeCluster;
  /** Where this machine remembers which backends somebody removed. */
  readonly cache: DiscoveryCache;
  readonly common: Pick<FollowedBackendsOptions, "refuse" | "metrics" | "log">;
}

/**
 * Discovery whose finds are written into the cluster that is the home, by whoever leads. Every control plane follows the
 * backends, so that the next leader knows what they have. They begin when the home has been read: it is their memory.
 */
export async function discoverIntoCluster(
  { configured, sink, cluster, cache, common }: ClusterDiscoveryOptions,
  parts: AsyncDisposableStack,
): Promise<DiscoveryPart> {
  const [{ ClusterPlacer }, { HomeMemory }] = await Promise.all([
    import("#discovery/home-cluster/cluster-placer.ts"),
    import("#discovery/home-cluster/home-memory.ts"),
  ]);
  const settings = new Map(configured.map((backend) => [backend.name, backend]));
  const results = { ok: 0, conflict: 0, error: 0 };
  const placer = new ClusterPlacer({
    client: cluster.client,
    limiter: cluster.limiter,
    settingsOf: (backend) => {
      const { labels = [], annotations = [], createNamespaces = false } = settings.get(backend) ?? {};
      return { takenOver: { labels, annotations }, createNamespaces };
    },
    log: common.log,
    onWrite: (result) => void results[result]++,
  });
  const memory = new HomeMemory(placer.model, cache, Date.now);
  const followed = parts.use(new FollowedBackends({ ...common, placer, cache: memory }));
  const { promise: settled, resolve, reject } = Promise.withResolvers<void>();
  const begin = async (): Promise<void> => {
    for (const backend of configured) await followed.add(backend);
    await settling(followed.list());
  };
  return {
    home: sink,
    settled,
    backends: () => followed.list(),
    placer,
    states: () => followed.states(),
    measures: () => followed.measures(),
    inCluster: {
      duty: placer,
      measure: () => ({ what: "discovery", ...placer.state(), results }),
      watcher: {
        read: (ref, object, change) => placer.observe(ref, object, change.type === "put" ? change.object : undefined),
        synced: () => void begin().then(resolve, reject),
      },
    },
  };
}
