import { Gauge, Registry, collectDefaultMetrics } from "prom-client";
import { AcmeMetrics } from "./acme-metrics.ts";
import { ApiMetrics } from "./api-metrics.ts";
import { CertificateMetrics } from "./certificate-metrics.ts";
import { ChildMetrics } from "./child-metrics.ts";
import { DiscoveryMetrics } from "./discovery-metrics.ts";
import { HomeClusterMetrics } from "./home-cluster-metrics.ts";
import { ObjectMetrics } from "./object-metrics.ts";
import { SourceMetrics } from "./source-metrics.ts";
import { TrafficMetrics } from "./traffic-metrics.ts";
import { XdsMetrics } from "./xds-metrics.ts";

export interface MetricsOptions {
  /** Of Binnacle. */
  readonly version: string;
  /** The xDS resource types that are served. */
  readonly xdsTypes: readonly string[];
}

/**
 * The control plane's own metrics: prefix `binnacle_`, base units, `_total` on counters only. No room imports this one:
 * the composition root calls the methods from the rooms' events and connects the feeds, which are read at each scrape.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly objects = new ObjectMetrics(this.#registry);
  readonly sources = new SourceMetrics(this.#registry);
  readonly discovery = new DiscoveryMetrics(this.#registry);
  readonly homeCluster = new HomeClusterMetrics(this.#registry);
  readonly children = new ChildMetrics(this.#registry);
  readonly traffic = new TrafficMetrics(this.#registry);
  readonly api = new ApiMetrics(this.#registry);
  readonly certificates = new CertificateMetrics(this.#registry);
  readonly acme = new AcmeMetrics(this.#registry);
  readonly xds: XdsMetrics;

  constructor(options: MetricsOptions) {
    this.xds = new XdsMetrics(this.#registry, options.xdsTypes);
    const labelNames = ["version", "node_version"] as const;
    new Gauge({
      name: "binnacle_build_info",
      help: "1, with the versions that run.",
      labelNames,
      registers: [this.#registry],
    }).set({ version: options.version, node_version: process.versions.node }, 1);
    // The process's own: CPU, memory, event-loop lag, garbage collection, under the names that every dashboard knows.
    collectDefaultMetrics({ register: this.#registry });
  }

  /** For the answer's Content-Type header. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
