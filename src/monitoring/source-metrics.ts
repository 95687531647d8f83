import type { Registry } from "prom-client";
import { Feed, fedGauge } from "./fed-metric.ts";

/** As the API and the command line have them. */
const STATES = ["idle", "syncing", "synced", "stale", "failed"] as const;

/** Where objects come from: the home (`local`) and each discovery backend. */
export interface SourceState {
  readonly backend: string;
  /** `synced`: what it holds now was read to the end without a failure of the source itself. */
  readonly state: (typeof STATES)[number];
  /** When it was last known to be in step, in milliseconds since the epoch; undefined when never. */
  readonly syncedAt: number | undefined;
  readonly errors: number;
  readonly warnings: number;
}

/** Read at each scrape. */
export type SourceFeed = () => readonly SourceState[];

export class SourceMetrics {
  readonly #feed = new Feed<SourceFeed>();

  constructor(registry: Registry) {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_source_synced",
      help: "1 while a source of objects is in step with what it reads from.",
      labels: ["backend"],
      read: () =>
        feed.read((states) =>
          states().map(({ backend, state }) => ({ labels: { backend }, value: state === "synced" ? 1 : 0 })),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_source_state",
      help: "1 for the state that a source of objects is in, 0 for the others: failed is one that has never answered.",
      labels: ["backend", "state"],
      read: () =>
        feed.read((states) =>
          states().flatMap(({ backend, state }) =>
            STATES.map((one) => ({ labels: { backend, state: one }, value: one === state ? 1 : 0 })),
          ),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_source_synced_timestamp_seconds",
      help: "When a source was last known to be in step. Unix time.",
      labels: ["backend"],
      read: () =>
        feed.read((states) =>
          states().flatMap(({ backend, syncedAt }) =>
            syncedAt === undefined ? [] : [{ labels: { backend }, value: syncedAt / 1000 }],
          ),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_source_problems",
      help: "Problems in what a source read, such as a manifest that cannot be parsed.",
      labels: ["backend", "severity"],
      read: () =>
        feed.read((states) =>
          states().flatMap(({ backend, errors, warnings }) => [
            { labels: { backend, severity: "error" }, value: errors },
            { labels: { backend, severity: "warning" }, value: warnings },
          ]),
        ),
    });
  }

  connect(feed: SourceFeed): void {
    this.#feed.connect(feed);
  }
}
