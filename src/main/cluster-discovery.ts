import type { Config } from "#config/config.ts";
import type { DiscoveryCache } from "#discovery/cache.ts";
import { BACKEND_LABEL } from "#resources/discovered.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { DiscoveryPart } from "./discovery.ts";
import { FollowedBackends, type FollowedBackendsOptions, settling } from "./followed-backends.ts";
import type { Gateways } from "./gateways.ts";
import type { HomeCluster } from "./home-cluster.ts";
import { SecretBackends } from "./secret-backends.ts";

/** How often a control plane that does not lead looks for what was confirmed at the one that does, in milliseconds. */
const LOOK_EVERY = 10_000;

export interface ClusterDiscoveryOptions {
  readonly configured: Config["backends"];
  readonly sink: ObjectSink;
  readonly cluster: HomeCluster;
  /** Where this machine remembers which of the configured backends somebody removed. */
  readonly cache: DiscoveryCache;
  readonly gateways: Gateways;
  readonly common: Pick<FollowedBackendsOptions, "refuse" | "metrics" | "log">;
}

/**
 * Discovery whose finds are written into the cluster that is the home, by whoever leads. Every control plane follows the
 * backends, so that the next leader knows what they have. They begin when the home has been read: it is their memory.
 */
export async function discoverIntoCluster(
  { configured, sink, cluster, cache, gateways, common }: ClusterDiscoveryOptions,
  parts: AsyncDisposableStack,
): Promise<DiscoveryPart> {
  const [{ ClusterPlacer }, { HomeMemory }, { ConfirmedElsewhere }] = await Promise.all([
    import("#discovery/home-cluster/cluster-placer.ts"),
    import("#discovery/home-cluster/home-memory.ts"),
    import("#discovery/home-cluster/confirmed-elsewhere.ts"),
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
    gateways,
    configured: names,
    onSettings: (backend) => void settings.set(backend.name, backend),
    log,
  });
  const elsewhere = new ConfirmedElsewhere(memory);
  const looking = setInterval(() => {
    if (cluster.leadership().leads) elsewhere.forget();
    else elsewhere.look(followed.list());
  }, LOOK_EVERY).unref();
  parts.defer(() => clearInterval(looking));
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
    hindrance: (backend, action) => {
      if (action !== "confirm" && followed.get(backend) !== undefined && !names.has(backend)) {
        const detail = `backend ${backend} is the Secret ${cluster.namespace}/${backend}`;
        if (action === "restore") return { detail, fix: "make it again: every control plane then follows it" };
        const command = `kubectl -n ${cluster.namespace} delete secret ${backend}`;
        return { detail, fix: `delete that (${command}): every control plane then drains the backend and forgets it` };
      }
      const { leads, holder } = cluster.leadership();
      if (leads || action !== "confirm") return undefined;
      if (holder === "") return { detail: "no control plane leads now", fix: "try again when one does" };
      return { detail: `${holder} leads and writes, not this control plane`, fix: "do it there" };
    },
    restore: (backend, by) => followed.restore(backend, by),
    inCluster: {
      duty: placer,
      measure: () => ({ what: "discovery", ...placer.state(), results }),
      watcher: {
        read: (ref, object, change, isListed) =>
          placer.observe(ref, object, change.type === "put" ? change.object : undefined, isListed),
        synced: () => void begin().then(resolve, reject),
      },
    },
  };
}
