import type { Registry } from "prom-client";
import { Feed, fedGauge } from "./fed-metric.ts";

/** Where objects come from: the home (`local`) and each discovery backend. */
export interface SourceState {
  readonly backend: string;
  /** Whether what it holds now was read to the end without a failure of the source itself. */
  readonly synced: boolean;
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
        feed.read((states) => states().map(({ backend, synced }) => ({ labels: { backend }, value: synced ? 1 : 0 }))),
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
