import { Counter, Histogram, type Registry } from "prom-client";
import { Feed, fedGauge, single } from "./fed-metric.ts";

/** What the xDS server knows. Read at each scrape. */
export interface XdsFeed {
  /** Envoys with an open stream. */
  clients(): number;
  /** Resources by type that an Envoy refused and that are served in their accepted form until their object changes. */
  quarantined(): Readonly<Record<string, number>>;
  /** Pushes that were not answered yet: by the Envoy's node id, and since when, in milliseconds since the epoch. */
  unanswered(): readonly { readonly node: string; readonly type: string; readonly since: number }[];
}

/** The conversation with the Envoys, by resource type. */
export class XdsMetrics {
  readonly #feed = new Feed<XdsFeed>();
  readonly #pushes: Counter<"type">;
  readonly #bytes: Counter<"type">;
  readonly #acks: Counter<"type">;
  readonly #nacks: Counter<"type">;
  readonly #latency: Histogram<"type">;
  readonly #cuts: Counter<"reason">;

  /** `types`: the resource types, so that each counter stands at 0 from the start and its first event is seen. */
  constructor(registry: Registry, types: readonly string[]) {
    const counter = (name: string, help: string) => {
      const made = new Counter({ name, help, labelNames: ["type"], registers: [registry] });
      for (const type of types) made.inc({ type }, 0);
      return made;
    };
    this.#pushes = counter("binnacle_xds_pushes_total", "Responses that were sent to Envoys.");
    this.#bytes = counter("binnacle_xds_pushed_bytes_total", "Size of these responses.");
    this.#acks = counter("binnacle_xds_acks_total", "Responses that an Envoy accepted.");
    this.#nacks = counter(
      "binnacle_xds_nacks_total",
      "Responses that an Envoy refused, each try to find the culprit counted.",
    );
    this.#latency = new Histogram({
      name: "binnacle_xds_acknowledgement_duration_seconds",
      help: "From sending a response to Envoy's answer.",
      labelNames: ["type"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
    this.#cuts = new Counter({
      name: "binnacle_xds_streams_cut_total",
      help: "Streams that were cut, by reason: an Envoy that is too slow, or one that breaks the protocol.",
      labelNames: ["reason"],
      registers: [registry],
    });
    this.#registerGauges(registry, types);
  }

  connect(feed: XdsFeed): void {
    this.#feed.connect(feed);
  }

  pushed(type: string, bytes: number): void {
    this.#pushes.inc({ type });
    this.#bytes.inc({ type }, bytes);
  }

  /** Envoy's answer to a push; `seconds` since it was sent. */
  answered(type: string, answer: "ack" | "nack", seconds: number): void {
    (answer === "ack" ? this.#acks : this.#nacks).inc({ type });
    this.#latency.observe({ type }, seconds);
  }

  /** `reason` is one of few fixed words, never a message. */
  streamCut(reason: string): void {
    this.#cuts.inc({ reason });
  }

  #registerGauges(registry: Registry, types: readonly string[]): void {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_xds_clients",
      help: "Envoys that are connected.",
      labels: [],
      read: () => feed.read((xds) => single(xds.clients())),
    });
    fedGauge(registry, {
      name: "binnacle_xds_quarantined_resources",
      help: "Resources that Envoy refused; their last accepted form is served instead.",
      labels: ["type"],
      read: () =>
        feed.read((xds) => {
          const none = Object.fromEntries(types.map((type) => [type, 0]));
          return byType({ ...none, ...xds.quarantined() });
        }),
    });
    fedGauge(registry, {
      name: "binnacle_xds_unanswered_push_timestamp_seconds",
      help: "When the oldest push was sent that this Envoy (by its node id) has not answered. Unix time; absent when all are answered.",
      labels: ["envoy", "type"],
      read: () =>
        feed.read((xds) =>
          // The oldest is set last: an Envoy that came back may have two streams for a moment.
          xds
            .unanswered()
            .toSorted((a, b) => b.since - a.since)
            .map(({ node, type, since }) => ({ labels: { envoy: node, type }, value: since / 1000 })),
        ),
    });
  }
}

function byType(values: Readonly<Record<string, number>>) {
  return Object.entries(values).map(([type, value]) => ({ labels: { type }, value }));
}
