import type { Registry } from "prom-client";
import { Feed, fedCounter, fedGauge, single } from "./fed-metric.ts";

/** What the access-log receiver and the live feed know. Totals count since they started. Read at each scrape. */
export interface TrafficFeed {
  /** By logger: `failures` and `sample`. */
  loggers(): readonly {
    readonly logger: string;
    readonly received: number;
    /** The share from 0 to 1 that Envoy was told to send. */
    readonly share: number;
  }[];
  /** Entries that the receiver itself let go because its queue was full. */
  dropped(): number;
  /** Seconds from a request's end to its entry here, of the newest entry; undefined without entries. */
  lag(): number | undefined;
  sockets(): number;
  frames(): number;
  framesDropped(): number;
  /** The upstreams that others stand behind, and whether these get requests now. */
  failovers(): readonly { readonly upstream: UpstreamLabels; readonly failedOver: boolean }[];
  /** How many requests of an upstream went to another, which takes over from it. */
  takenOver(): readonly { readonly upstream: UpstreamLabels; readonly by: UpstreamLabels; readonly requests: number }[];
}

interface UpstreamLabels {
  readonly backend: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

/** Single requests on their way in (access log) and out (live feed). */
export class TrafficMetrics {
  readonly #feed = new Feed<TrafficFeed>();

  constructor(registry: Registry) {
    const feed = this.#feed;
    fedCounter(registry, {
      name: "binnacle_access_log_entries_received_total",
      help: "Access-log entries received from Envoy.",
      labels: ["logger"],
      read: () =>
        feed.read((traffic) =>
          traffic.loggers().map(({ logger, received }) => ({ labels: { logger }, value: received })),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_access_log_share_ratio",
      help: "Share of the requests that Envoy was told to send entries of.",
      labels: ["logger"],
      read: () =>
        feed.read((traffic) => traffic.loggers().map(({ logger, share }) => ({ labels: { logger }, value: share }))),
    });
    const total = (name: string, help: string, of: (traffic: TrafficFeed) => number) =>
      fedCounter(registry, { name, help, labels: [], read: () => feed.read((traffic) => single(of(traffic))) });
    const now = (name: string, help: string, of: (traffic: TrafficFeed) => number | undefined) =>
      fedGauge(registry, { name, help, labels: [], read: () => feed.read((traffic) => single(of(traffic))) });
    total(
      "binnacle_access_log_entries_dropped_total",
      "Access-log entries that the receiver dropped because its queue was full.",
      (traffic) => traffic.dropped(),
    );
    now("binnacle_access_log_lag_seconds", "From a request's end to its entry here, newest entry.", (traffic) =>
      traffic.lag(),
    );
    now("binnacle_feed_sockets", "Open WebSockets of the live feed.", (traffic) => traffic.sockets());
    total("binnacle_feed_frames_total", "Frames that were sent to them.", (traffic) => traffic.frames());
    fedGauge(registry, {
      name: "binnacle_upstream_failed_over",
      help: "Whether others take over requests of an upstream because too few of its endpoints are healthy (1), or only stand behind it (0).",
      labels: ["backend", "namespace", "service", "port"],
      read: () =>
        feed.read((traffic) =>
          traffic.failovers().map(({ upstream, failedOver }) => ({
            labels: { ...upstream, port: String(upstream.port) },
            value: failedOver ? 1 : 0,
          })),
        ),
    });
    fedCounter(registry, {
      name: "binnacle_upstream_taken_over_requests_total",
      help: "Requests of an upstream that went to one of the same namespace which takes over from it; a retry counts again.",
      labels: ["backend", "namespace", "service", "port", "by_backend", "by_service", "by_port"],
      read: () =>
        feed.read((traffic) =>
          traffic.takenOver().map(({ upstream, by, requests }) => ({
            labels: {
              ...upstream,
              port: String(upstream.port),
              by_backend: by.backend,
              by_service: by.service,
              by_port: String(by.port),
            },
            value: requests,
          })),
        ),
    });
    total("binnacle_feed_frames_dropped_total", "Frames that a socket was too slow for.", (traffic) =>
      traffic.framesDropped(),
    );
  }

  connect(feed: TrafficFeed): void {
    this.#feed.connect(feed);
  }
}
