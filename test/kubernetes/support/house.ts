import { Backend } from "#discovery/backend.ts";
import { NoCache } from "#discovery/cache.ts";
import type { DiscoveredService } from "#discovery/discovered.ts";
import type { Discoverer, DiscoveryReport } from "#discovery/discoverer.ts";
import { ClusterPlacer } from "#discovery/home-cluster/cluster-placer.ts";
import { HomeMemory } from "#discovery/home-cluster/home-memory.ts";
import { systemClock } from "#kubernetes/clock.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import { RateLimiter } from "#kubernetes/rate-limit.ts";
import { silentLogger } from "#lib/log.ts";
import { ClusterSource } from "#sources/cluster/cluster-source.ts";
import { RecordingSink } from "#sources/recording-sink.ts";
import { until } from "../../integration/support/until.ts";

/** A platform that has what the test says. */
class Platform implements Discoverer {
  readonly platform = "static";
  report: DiscoveryReport | undefined;

  async run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    this.report = report;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  has(...services: readonly DiscoveredService[]): void {
    this.report?.full({ services, unread: [], millis: 1 });
  }
}

/** A control plane whose home is a cluster, and which leads as long as it lives. */
export class House implements AsyncDisposable {
  readonly placer: ClusterPlacer;
  readonly writes = { ok: 0, conflict: 0, error: 0 };
  readonly #parts = new AsyncDisposableStack();
  readonly #synced = Promise.withResolvers<void>();
  readonly #stop = new AbortController();

  constructor(kubeconfig: string, createNamespaces = false) {
    const client = this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig } }));
    this.placer = new ClusterPlacer({
      client,
      limiter: new RateLimiter(undefined, systemClock),
      settingsOf: () => ({ takenOver: { labels: [], annotations: [] }, createNamespaces }),
      log: silentLogger,
      onWrite: (result) => void this.writes[result]++,
    });
    const source = new ClusterSource({
      client,
      sink: new RecordingSink(),
      log: silentLogger,
      times: { backoff: { least: 20, most: 200 } },
      onRead: (ref, object, change, isListed) => {
        this.placer.observe(ref, object, change.type === "put" ? change.object : undefined, isListed);
      },
      onSynced: () => this.#synced.resolve(),
    });
    this.#run(source.run(this.#stop.signal));
    this.#run(this.placer.lead({ signal: this.#stop.signal, remaining: 10_000 }));
  }

  /** Once the home has been read, as a control plane does. */
  async follow(name: string): Promise<{ backend: Backend; platform: Platform }> {
    await this.#synced.promise;
    const platform = new Platform();
    const cache = new HomeMemory(this.placer.model, new NoCache(), { isMarked: () => false, now: Date.now });
    const { placer } = this;
    const options = { name, discoverer: platform, placer, cache, log: silentLogger, now: Date.now, staleNotice: 0 };
    const backend = new Backend(options);
    this.#run(backend.run(this.#stop.signal));
    return { backend, platform };
  }

  async rest(): Promise<void> {
    await until(() => this.placer.state().waiting === 0, { what: "all to be written", timeoutMs: 60_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#parts.disposeAsync();
  }

  #run(run: Promise<void>): void {
    this.#parts.defer(() => run);
  }
}
