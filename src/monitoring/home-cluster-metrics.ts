import type { Registry } from "prom-client";
import { Feed, fedGauge, single } from "./fed-metric.ts";

/** The part of a control plane whose objects live in a Kubernetes cluster. Read at each scrape. */
export interface HomeClusterFeed {
  /** Whether this one is the leader, which writes. */
  leads(): boolean;
}

/** There is nothing of it where the home is a directory. */
export class HomeClusterMetrics {
  readonly #feed = new Feed<HomeClusterFeed>();

  constructor(registry: Registry) {
    fedGauge(registry, {
      name: "binnacle_leader",
      help: "1 while this control plane leads those of its cluster: it alone writes status and discovered objects.",
      labels: [],
      read: () => this.#feed.read((home) => single(home.leads() ? 1 : 0)),
    });
  }

  connect(feed: HomeClusterFeed): void {
    this.#feed.connect(feed);
  }
}
