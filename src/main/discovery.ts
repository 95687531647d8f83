import { join } from "node:path";
import type { ApplianceView } from "#api/ports/appliance.ts";
import type { Config } from "#config/config.ts";
import { Backend } from "#discovery/backend.ts";
import { SqliteCache } from "#discovery/cache.ts";
import { FAILURE_KINDS } from "#discovery/discoverer.ts";
import type { Placer } from "#discovery/placer.ts";
import { StorePlacer } from "#discovery/store-placer.ts";
import type { Logger } from "#lib/log.ts";
import type { DiscoveryMetrics } from "#monitoring/discovery-metrics.ts";
import type { SourceState } from "#monitoring/source-metrics.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { Store } from "#store/store.ts";
import { refusedHost } from "#translate/local-address.ts";
import { ownAddresses } from "./own-addresses.ts";
import { createDiscoverer, type PlatformContext } from "./platforms.ts";
import { translateSettings } from "./translate-settings.ts";

/** Discovery as the rest of the appliance sees it. */
export interface DiscoveryPart {
  /** What the home's own source writes to, so that neither writes the other's objects. */
  readonly home: ObjectSink;
  /** Each backend has reported or failed, or {@link LONGEST_WAIT} has passed. */
  readonly settled: Promise<unknown>;
  /** The backends that are followed now, or were until they were removed. */
  readonly backends: () => readonly Backend[];
  readonly placer: Pick<Placer, "unplaced" | "lag">;
  states(): ReturnType<ApplianceView["sources"]>;
  measures(): readonly SourceState[];
}

export interface DiscoveryOptions {
  readonly stateDirectory: string;
  readonly store: Store;
  readonly sink: ObjectSink;
  readonly metrics: Pick<DiscoveryMetrics, "begins" | "synced" | "failed" | "requested">;
}

/** How long a start waits for backends, in milliseconds. */
const LONGEST_WAIT = 10_000;

/** Follows the backends of the configuration; what they have goes into the store. */
export async function startDiscovery(
  config: Config,
  { stateDirectory, store, sink, metrics }: DiscoveryOptions,
  logger: Logger,
  parts: AsyncDisposableStack,
): Promise<DiscoveryPart> {
  const { backends: configured } = config;
  const { upstreams } = translateSettings(config, ownAddresses());
  const log = logger.room("discovery");
  const context: PlatformContext = {
    refuse: (host, port) => refusedHost(host, port, upstreams),
    observe: (backend, request) => metrics.requested(backend, request),
    log,
    parts,
  };
  const cache = new SqliteCache(join(stateDirectory, "discovery.db"), log);
  parts.defer(() => cache.close());
  for (const backend of cache.keepOnly(configured.map(({ name }) => name)))
    log.info("forgot a backend that the configuration no longer names", { backend });
  const takenOver = new Map(configured.map(({ name, labels, annotations }) => [name, { labels, annotations }]));
  const placer = new StorePlacer({
    sink,
    originOf: (ref) => store.state(ref)?.origin,
    takenOver: (backend) => takenOver.get(backend) ?? { labels: [], annotations: [] },
  });
  const backends: Backend[] = [];
  for (const settings of configured) {
    const discoverer = await createDiscoverer(settings, context);
    const { name } = settings;
    metrics.begins(name, FAILURE_KINDS);
    const backend = new Backend({ name, discoverer, placer, cache, log, now: Date.now, observer: metrics });
    const stop = new AbortController();
    const run = backend.run(stop.signal);
    parts.defer(async () => {
      stop.abort();
      await run;
    });
    backends.push(backend);
  }
  return {
    home: placer.home,
    settled: settling(backends),
    backends: () => backends,
    placer,
    states: () => backends.map(stateOf),
    measures: () =>
      backends.map((backend) => {
        const { name, state, lastSync, problems } = backend.status();
        const errors = problems.filter(({ severity }) => severity === "error").length + placer.unplaced(name).size;
        const warnings = problems.filter(({ severity }) => severity === "warning").length;
        return { backend: name, synced: state === "synced", syncedAt: lastSync, errors, warnings };
      }),
  };
}

async function settling(backends: readonly Backend[]): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LONGEST_WAIT);
  await Promise.race([Promise.all(backends.map(({ settled }) => settled)), late]);
  clearTimeout(timer);
}

function stateOf(backend: Backend): ReturnType<ApplianceView["sources"]>[number] {
  const { name, platform, state, lastSync, failure, held } = backend.status();
  const services = `${[...backend.applied()].length} services of ${platform}`;
  const holds = held.length === 0 ? "" : `; ${held.length} that went all at once are held`;
  return {
    name,
    state: state === "idle" ? "syncing" : state,
    detail: `${failure === undefined ? services : `${services}; ${failure.message}`}${holds}`,
    ...(lastSync === undefined ? {} : { lastSync }),
  };
}
