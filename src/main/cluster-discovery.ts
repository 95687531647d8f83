import type { Config } from "#config/config.ts";
import type { DiscoveryCache } from "#discovery/cache.ts";
import { BACKEND_LABEL } from "#resources/discovered.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { DiscoveryPart } from "./discovery.ts";
import { FollowedBackends, type FollowedBackendsOptions, settling } from "./followed-backends.ts";
import type { HomeCluster } from "./home-cluster.ts";
import { SecretBackends } from "./secret-backends.ts";

export interface ClusterDiscoveryOptions {
  readonly configured: Config["backends"];
  readonly sink: ObjectSink;
  readonly cluster: HomeCluster;
  /** Where this machine remembers which of the configured backends somebody removed. */
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
  const { log } = common;
  const settings = new Map(configured.map((backend) => [backend.name, backend]));
  const results = { ok: 0, conflict: 0, error: 0 };
  const placer = new ClusterPlacer({
    client: cluster.client,
    limiter: cluster.limiter,
    settingsOf: (backend) => {
      const { labels = [], annotations = [], createNamespaces = false } = settings.get(backend) ?? {};
      return { takenOver: { labels, annotations }, createNamespaces };
    },
    log,
    onWrite: (result) => void results[result]++,
  });
  const names = new Set(configured.map(({ name }) => name));
  const memory = new HomeMemory(placer.model, cache, { isMarked: (backend) => names.has(backend), now: Date.now });
  const followed = parts.use(new FollowedBackends({ ...common, placer, cache: memory }));
  const secrets = new SecretBackends({
    cluster,
    followed,
    configured: names,
    onSettings: (backend) => void settings.set(backend.name, backend),
    log,
  });
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  parts.defer(async () => {
    stop.abort();
    await running;
  });
  const begin = async (): Promise<void> => {
    for (const backend of configured) await followed.add(backend);
    running = secrets.run(stop.signal);
    await secrets.listed;
    for (const backend of new Set(placer.model.backends())) {
      if (followed.get(backend) !== undefined) continue;
      const fix = `kubectl delete services,endpointslices -A -l ${BACKEND_LABEL}=${backend}`;
      log.warn("nobody follows a backend that has objects in the home: they stay as they are", { backend, fix });
    }
    await settling(followed.list());
  };
  const { promise: settled, resolve, reject } = Promise.withResolvers<void>();
  return {
    home: sink,
    settled,
    backends: () => followed.list(),
    placer,
    states: () => [
      ...followed.states(),
      ...secrets.problems().map(([name, [first]]) => ({
        name: `${name} (Secret)`,
        state: "failed" as const,
        detail: first === undefined ? "" : `${first.path}: ${first.message}`,
      })),
    ],
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
