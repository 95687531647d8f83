import { Counter, Histogram, type Registry } from "prom-client";
import { Feed, fedGauge, type Sample } from "./fed-metric.ts";

/** One platform on which upstreams are found, and what of it is here. */
export interface BackendMeasure {
  readonly backend: string;
  /** `kubernetes`, `static` … */
  readonly platform: string;
  /** Services that wait to be written into the home, and for how many seconds the oldest of them does. */
  readonly waiting: number;
  readonly lagSeconds: number;
  /** Services that went in a mass and stay until somebody confirms. */
  readonly held: number;
  readonly namespaces: readonly NamespaceMeasure[];
}

/** How much upstream has for a namespace here, and how much of that is here. Endpoints: addresses times ports. */
export interface NamespaceMeasure {
  readonly namespace: string;
  readonly upstreamServices: number;
  readonly replicatedServices: number;
  readonly upstreamEndpoints: number;
  readonly replicatedEndpoints: number;
}

/** Read at each scrape: the backends that are followed. */
export type DiscoveryFeed = () => readonly BackendMeasure[];

/** A request to a platform's API. */
export interface PlatformRequest {
  /** `list`, `watch`, `get` …: few words. */
  readonly verb: string;
  /** What kind of thing it is about, never an id or a path: `services`, `loadbalancers`. */
  readonly resource: string;
  /** The HTTP status, 0 where there was no answer; of DNS a word: `answer`, `refused`, `timeout` …. */
  readonly code: number | string;
  readonly seconds: number;
}

/** What upstreams are found on, in names that fit every platform. When each was last in step is {@link SourceMetrics}'. */
export class DiscoveryMetrics {
  readonly #feed = new Feed<DiscoveryFeed>();
  readonly #syncs: Histogram<"backend">;
  readonly #errors: Counter<"backend" | "kind">;
  readonly #requests: Counter<"backend" | "verb" | "resource" | "code">;
  readonly #latency: Histogram<"backend" | "verb" | "resource">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#syncs = new Histogram({
      name: "binnacle_discovery_sync_duration_seconds",
      help: "Time to ask a platform for all that it has.",
      labelNames: ["backend"],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    });
    this.#errors = new Counter({
      name: "binnacle_discovery_errors_total",
      help: "Failures to learn what a platform has, by kind.",
      labelNames: ["backend", "kind"],
      registers,
    });
    this.#requests = new Counter({
      name: "binnacle_platform_requests_total",
      help: "Requests to a platform's API; backend local is the home cluster. Code 0: no answer.",
      labelNames: ["backend", "verb", "resource", "code"],
      registers,
    });
    this.#latency = new Histogram({
      name: "binnacle_platform_request_duration_seconds",
      help: "From a request to a platform's API to the end of its answer; of a watch to its beginning.",
      labelNames: ["backend", "verb", "resource"],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 120],
      registers,
    });
    this.#registerGauges(registry);
  }

  connect(feed: DiscoveryFeed): void {
    this.#feed.connect(feed);
  }

  /** A backend is followed: each kind of failure counts from zero, so that its first one is seen. */
  begins(backend: string, kinds: readonly string[]): void {
    for (const kind of kinds) this.#errors.inc({ backend, kind }, 0);
  }

  /** A platform told all that it has; `millis` is what asking took. */
  synced(backend: string, millis: number): void {
    this.#syncs.observe({ backend }, millis / 1000);
  }

  failed(backend: string, kind: string): void {
    this.#errors.inc({ backend, kind });
  }

  requested(backend: string, { verb, resource, code, seconds }: PlatformRequest): void {
    this.#requests.inc({ backend, verb, resource, code: String(code) });
    this.#latency.observe({ backend, verb, resource }, seconds);
  }

  #registerGauges(registry: Registry): void {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_discovery_backend_info",
      help: "1 for each backend that is followed, with its platform.",
      labels: ["backend", "platform"],
      read: () =>
        feed.read((measures) =>
          measures().map(({ backend, platform }) => ({ labels: { backend, platform }, value: 1 })),
        ),
    });
    for (const [name, help, value] of OF_BACKEND) {
      fedGauge(registry, {
        name,
        help,
        labels: ["backend"],
        read: () =>
          feed.read((measures) =>
            measures().map((measure) => ({ labels: { backend: measure.backend }, value: value(measure) })),
          ),
      });
    }
    for (const [name, help, value] of OF_NAMESPACE) {
      const read = (measure: BackendMeasure): readonly Sample<"backend" | "namespace">[] =>
        measure.namespaces.map((one) => ({
          labels: { backend: measure.backend, namespace: one.namespace },
          value: value(one),
        }));
      fedGauge(registry, {
        name,
        help,
        labels: ["backend", "namespace"],
        read: () => feed.read((measures) => measures().flatMap(read)),
      });
    }
  }
}

type Row<T> = readonly [name: string, help: string, value: (of: T) => number];

const OF_BACKEND: readonly Row<BackendMeasure>[] = [
  [
    "binnacle_discovery_lag_seconds",
    "For how long the oldest service that waits to be written into the home has waited; 0 when none does.",
    ({ lagSeconds }) => lagSeconds,
  ],
  ["binnacle_discovery_waiting_services", "Services that wait to be written into the home.", ({ waiting }) => waiting],
  [
    "binnacle_discovery_held_services",
    "Services that a platform lost in a mass, or with all their endpoints, and that stay until somebody confirms.",
    ({ held }) => held,
  ],
];

const OF_NAMESPACE: readonly Row<NamespaceMeasure>[] = [
  [
    "binnacle_discovery_upstream_services",
    "Services that a platform has for a namespace.",
    ({ upstreamServices }) => upstreamServices,
  ],
  [
    "binnacle_discovery_replicated_services",
    "Those of them that are here.",
    ({ replicatedServices }) => replicatedServices,
  ],
  [
    "binnacle_discovery_upstream_endpoints",
    "Endpoints (addresses times ports, ready or not) that a platform has for a namespace.",
    ({ upstreamEndpoints }) => upstreamEndpoints,
  ],
  [
    "binnacle_discovery_replicated_endpoints",
    "Those of them that are here.",
    ({ replicatedEndpoints }) => replicatedEndpoints,
  ],
];
