import type { Registry } from "prom-client";
import { Feed, fedCounter, fedGauge, single } from "./fed-metric.ts";

/** What is written into the cluster: `status` of objects, and what was discovered. */
export type HomeWrites = "status" | "discovery";

export interface HomeWriteState {
  readonly what: HomeWrites;
  /** Objects that are not yet as they should be. */
  readonly waiting: number;
  /** Since when the oldest of them waits, milliseconds since the epoch. */
  readonly oldest: number | undefined;
  /** Writes so far, by result. */
  readonly results: Readonly<Record<"ok" | "conflict" | "error", number>>;
}

/** The part of a control plane whose objects live in a Kubernetes cluster. Read at each scrape. */
export interface HomeClusterFeed {
  /** Whether this one is the leader, which writes. */
  leads(): boolean;
  /** Whether any is known to. */
  hasLeader(): boolean;
  writes(): readonly HomeWriteState[];
}

/** There is nothing of it where the home is a directory. */
export class HomeClusterMetrics {
  readonly #feed = new Feed<HomeClusterFeed>();

  constructor(registry: Registry) {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_leader",
      help: "1 while this control plane leads those of its cluster: it alone writes status and discovered objects.",
      labels: [],
      read: () => feed.read((home) => single(home.leads() ? 1 : 0)),
    });
    fedGauge(registry, {
      name: "binnacle_leader_known",
      help: "1 while some control plane of this cluster, this one or another, is known to lead.",
      labels: [],
      read: () => feed.read((home) => single(home.hasLeader() ? 1 : 0)),
    });
    fedGauge(registry, {
      name: "binnacle_home_writes_waiting",
      help: "Objects of the home cluster that are not yet as this leader wants them.",
      labels: ["what"],
      read: () => feed.read((home) => home.writes().map(({ what, waiting }) => ({ labels: { what }, value: waiting }))),
    });
    fedGauge(registry, {
      name: "binnacle_home_writes_oldest_timestamp_seconds",
      help: "Since when the oldest object waits to be written. Unix time.",
      labels: ["what"],
      read: () =>
        feed.read((home) =>
          home
            .writes()
            .flatMap(({ what, oldest }) => (oldest === undefined ? [] : [{ labels: { what }, value: oldest / 1000 }])),
        ),
    });
    fedCounter(registry, {
      name: "binnacle_home_writes_total",
      help: "Writes into the home cluster, by result; a conflict is tried again over the newer state.",
      labels: ["what", "result"],
      read: () =>
        feed.read((home) =>
          home
            .writes()
            .flatMap(({ what, results }) =>
              Object.entries(results).map(([result, value]) => ({ labels: { what, result }, value })),
            ),
        ),
    });
  }

  connect(feed: HomeClusterFeed): void {
    this.#feed.connect(feed);
  }
}
