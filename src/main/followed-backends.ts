import type { ApplianceView } from "#api/ports/appliance.ts";
import type { Config } from "#config/config.ts";
import { Backend } from "#discovery/backend.ts";
import type { DiscoveryCache } from "#discovery/cache.ts";
import { FAILURE_KINDS } from "#discovery/discoverer.ts";
import type { Placer } from "#discovery/placer.ts";
import type { Connection } from "#kubernetes/connection.ts";
import { compareText } from "#lib/compare.ts";
import type { Logger } from "#lib/log.ts";
import type { DiscoveryMetrics } from "#monitoring/discovery-metrics.ts";
import type { SourceState } from "#monitoring/source-metrics.ts";
import { createDiscoverer, type PlatformContext } from "./platforms.ts";

export type BackendSettings = Config["backends"][number];

export interface FollowedBackendsOptions {
  readonly placer: Placer;
  readonly cache: DiscoveryCache;
  readonly refuse: PlatformContext["refuse"];
  readonly metrics: Pick<DiscoveryMetrics, "begins" | "synced" | "failed" | "requested">;
  readonly log: Logger;
}

interface Followed {
  readonly backend: Backend;
  readonly settings: BackendSettings;
  readonly connection: Connection | undefined;
  readonly parts: AsyncDisposableStack;
}

/** The backends that are followed now, or were until they were removed. Disposed of, it follows none; what they have stands. */
export class FollowedBackends implements AsyncDisposable {
  readonly #options: FollowedBackendsOptions;
  readonly #followed = new Map<string, Followed>();
  #isOver = false;

  constructor(options: FollowedBackendsOptions) {
    this.#options = options;
  }

  /** Sorted by name. */
  list(): readonly Backend[] {
    const backends = [...this.#followed.values()].map(({ backend }) => backend);
    return backends.sort((a, b) => compareText(a.name, b.name));
  }

  get(name: string): Backend | undefined {
    return this.#followed.get(name)?.backend;
  }

  /**
   * Begins to follow a backend. One of that name is not followed any more, and what it has is the new one's.
   *
   * @param connection where a cluster is reached, instead of by the file that its settings name
   */
  async add(settings: BackendSettings, connection?: Connection): Promise<Backend> {
    const { placer, cache, refuse, metrics, log } = this.#options;
    const { name } = settings;
    await this.stop(name);
    await using parts = new AsyncDisposableStack();
    const observe: PlatformContext["observe"] = (backend, request) => metrics.requested(backend, request);
    const discoverer = await createDiscoverer(settings, { refuse, observe, connection, log, parts });
    metrics.begins(name, FAILURE_KINDS);
    const backend = new Backend({ name, discoverer, placer, cache, log, now: Date.now, observer: metrics });
    const stop = new AbortController();
    const run = backend.run(stop.signal);
    parts.defer(async () => {
      stop.abort();
      await run;
    });
    if (!this.#isOver) this.#followed.set(name, { backend, settings, connection, parts: parts.move() });
    return backend;
  }

  /** Takes a removal back, because somebody said so: what of it still drains serves on. One that is followed stays as it is. */
  async restore(name: string, by: string): Promise<void> {
    const { cache, log } = this.#options;
    const followed = this.#followed.get(name);
    if (followed === undefined || followed.backend.status().goneAt === undefined) return;
    log.warn("the removal of a backend is taken back", { backend: name, by });
    cache.markRemoved(name, false);
    await this.add(followed.settings, followed.connection);
  }

  /** What it has stands. */
  async stop(name: string): Promise<void> {
    const followed = this.#followed.get(name);
    this.#followed.delete(name);
    await followed?.parts.disposeAsync();
  }

  states(): ReturnType<ApplianceView["sources"]> {
    return this.#standing().map(stateOf);
  }

  measures(): readonly SourceState[] {
    const { placer } = this.#options;
    return this.#standing().flatMap((backend) => {
      const { name, state, lastSync, problems, goneAt } = backend.status();
      // One that drains is out of step because somebody wants it so.
      if (goneAt !== undefined) return [];
      const errors = problems.filter(({ severity }) => severity === "error").length + placer.unplaced(name).size;
      const warnings = problems.filter(({ severity }) => severity === "warning").length;
      return [{ backend: name, state, syncedAt: lastSync, errors, warnings }];
    });
  }

  /** Of a backend that was removed nothing is told any more once nothing of it is here. */
  #standing(): readonly Backend[] {
    const now = Date.now();
    return this.list().filter((backend) => (backend.status().goneAt ?? Infinity) > now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#followed.keys()].map((name) => this.stop(name)));
  }
}

/** How long a start waits for backends, in milliseconds. */
const LONGEST_WAIT = 10_000;

/** Each backend has reported or failed, or {@link LONGEST_WAIT} has passed. */
export async function settling(backends: readonly Backend[]): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LONGEST_WAIT);
  await Promise.race([Promise.all(backends.map(({ settled }) => settled)), late]);
  clearTimeout(timer);
}

function stateOf(backend: Backend): ReturnType<ApplianceView["sources"]>[number] {
  const { name, platform, state, lastSync, failure, held, goneAt } = backend.status();
  const services = `${[...backend.applied()].length} services of ${platform}`;
  const holds = held.length === 0 ? "" : `; ${held.length} that went all at once are held`;
  return {
    name,
    state: goneAt === undefined ? state : "draining",
    detail: `${failure === undefined ? services : `${services}; ${failure.message}`}${holds}`,
    ...(lastSync === undefined ? {} : { lastSync }),
  };
}
