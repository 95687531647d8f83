import type { Registry } from "prom-client";
import { Feed, fedCounter, fedGauge } from "./fed-metric.ts";

/** A program that is run for us: Envoy, Prometheus, Alertmanager, ... */
export interface ChildState {
  readonly name: string;
  /** The supervisor's word for it: one of few. */
  readonly state: string;
  readonly running: boolean;
  /** Since the control plane started. */
  readonly restarts: number;
}

/** Read at each scrape. */
export type ChildFeed = () => readonly ChildState[];

export class ChildMetrics {
  readonly #feed = new Feed<ChildFeed>();

  constructor(registry: Registry) {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_child_running",
      help: "1 while a supervised program runs.",
      labels: ["child"],
      read: () =>
        feed.read((children) =>
          children().map(({ name, running }) => ({ labels: { child: name }, value: running ? 1 : 0 })),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_child_state",
      help: "1 for the state that a supervised program is in.",
      labels: ["child", "state"],
      read: () =>
        feed.read((children) => children().map(({ name, state }) => ({ labels: { child: name, state }, value: 1 }))),
    });
    fedCounter(registry, {
      name: "binnacle_child_restarts_total",
      help: "Starts of a supervised program after it ended by itself.",
      labels: ["child"],
      read: () =>
        feed.read((children) => children().map(({ name, restarts }) => ({ labels: { child: name }, value: restarts }))),
    });
  }

  connect(feed: ChildFeed): void {
    this.#feed.connect(feed);
  }
}
