import { join } from "node:path";
import type { ApplianceView } from "#api/ports/appliance.ts";
import type { BackendsView } from "#api/ports/backends.ts";
import type { Config } from "#config/config.ts";
import type { Backend } from "#discovery/backend.ts";
import { SqliteCache } from "#discovery/cache.ts";
import type { Placer } from "#discovery/placer.ts";
import { StorePlacer } from "#discovery/store-placer.ts";
import type { TakenOver } from "#discovery/taken-over.ts";
import type { Duty } from "#kubernetes/leadership.ts";
import type { Logger } from "#lib/log.ts";
import type { DiscoveryMetrics } from "#monitoring/discovery-metrics.ts";
import type { HomeWriteState } from "#monitoring/home-cluster-metrics.ts";
import type { SourceState } from "#monitoring/source-metrics.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { Store } from "#store/store.ts";
import { refusedHost } from "#translate/local-address.ts";
import { discoverIntoCluster } from "./cluster-discovery.ts";
import { FollowedBackends, type FollowedBackendsOptions, settling } from "./followed-backends.ts";
import type { Gateways } from "./gateways.ts";
import type { HomeCluster } from "./home-cluster.ts";
import type { HomeWatcher } from "./home-source.ts";
import { ownAddresses } from "./own-addresses.ts";
import { translateSettings } from "./translate-settings.ts";

/** Discovery as the rest of the appliance sees it. */
export interface DiscoveryPart {
  /** What the home's own source writes to, so that neither writes the other's objects. */
  readonly home: ObjectSink;
  /** Each backend has reported or failed, or had its time. */
  readonly settled: Promise<unknown>;
  /** The backends that are followed now, or were until they were removed, sorted by name. */
  readonly backends: () => readonly Backend[];
  readonly placer: Pick<Placer, "unplaced" | "lag">;
  /** Why something about a backend is not decided here; undefined: it is. */
  hindrance: BackendsView["hindrance"];
  restore(backend: string, by: string): Promise<void>;
  states(): ReturnType<ApplianceView["sources"]>;
  measures(): readonly SourceState[];
  /** Where the home is a cluster: what it does there. */
  readonly inCluster?: {
    readonly watcher: HomeWatcher;
    readonly duty: Duty;
    measure(): HomeWriteState;
  };
}

export interface DiscoveryOptions {
  readonly stateDirectory: string;
  readonly store: Store;
  readonly sink: ObjectSink;
  /** Undefined: the home is a directory. */
  readonly cluster: HomeCluster | undefined;
  readonly gateways: Gateways;
  readonly metrics: Pick<DiscoveryMetrics, "begins" | "synced" | "failed" | "requested">;
}

/** Follows the backends of the configuration; what they have goes into the store, or into the cluster that is the home. */
export async function startDiscovery(
  config: Config,
  { stateDirectory, store, sink, cluster, gateways, metrics }: DiscoveryOptions,
  logger: Logger,
  parts: AsyncDisposableStack,
): Promise<DiscoveryPart> {
  const { backends: configured } = config;
  const { upstreams } = translateSettings(config, ownAddresses());
  const log = logger.room("discovery");
  const cache = new SqliteCache(join(stateDirectory, "discovery.db"), log);
  parts.defer(() => cache.close());
  for (const backend of cache.keepOnly(configured.map(({ name }) => name)))
    log.info("forgot a backend that the configuration no longer names", { backend });
  const common: Pick<FollowedBackendsOptions, "refuse" | "metrics" | "log"> = {
    refuse: (host, port) => refusedHost(host, port, upstreams),
    metrics,
    log,
  };
  if (cluster !== undefined)
    return await discoverIntoCluster({ configured, sink, cluster, cache, gateways, common }, parts);
  const takenOver = new Map<string, TakenOver>(configured.map((settings) => [settings.name, settings]));
  const placer = new StorePlacer({
    sink,
    originOf: (ref) => store.state(ref)?.origin,
    takenOver: (backend) => takenOver.get(backend) ?? { labels: [], annotations: [] },
  });
  const followed = parts.use(new FollowedBackends({ ...common, placer, cache }));
  for (const settings of configured) await followed.add(settings);
  return {
    home: placer.home,
    settled: settling(followed.list()),
    backends: () => followed.list(),
    placer,
    hindrance: () => undefined,
    restore: (backend, by) => followed.restore(backend, by),
    states: () => followed.states(),
    measures: () => followed.measures(),
  };
}
