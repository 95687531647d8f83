import { Counter, Histogram, type Registry } from "prom-client";
import { compareText } from "#lib/compare.ts";
import { Feed, fedGauge, single } from "./fed-metric.ts";

/** What the store and the translator know, in plain numbers. Read at each scrape. */
export interface ObjectFeed {
  kinds(): readonly { readonly kind: string; readonly valid: number; readonly refused: number }[];
  /** Objects whose newest form is not in use. */
  refused(): readonly RefusedObject[];
  /** Verdicts on objects, counted. */
  verdicts(): readonly VerdictCount[];
  /** Objects that do not work whole, or come after others, each once for each reason, host and holder. */
  problems(): readonly ObjectProblem[];
  sizes(): { readonly hosts: number; readonly routes: number; readonly clusters: number; readonly endpoints: number };
}

export interface RefusedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `invalid`: wrong in itself. `nack`: Envoy refused what it became. */
  readonly cause: "invalid" | "nack";
  /** When the form that is served instead was accepted, in milliseconds since the epoch; undefined when there is none. */
  readonly lastGoodAt: number | undefined;
}

export interface VerdictCount {
  readonly kind: string;
  readonly namespace: string;
  readonly severity: "error" | "warning";
  readonly reason: string;
  readonly count: number;
}

export interface ObjectProblem {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly severity: "error" | "warning";
  readonly reason: string;
  /** The host that another object has, and that object: `Ingress team-shop/shop`. Empty where it is no conflict. */
  readonly host: string;
  readonly holder: string;
}

/**
 * Objects that are wrong are the only ones that are metrics of their own; a home in which thousands are broken at once must
 * not break the monitoring too. The count by kind stays complete.
 */
export const OBJECTS_SHOWN = 500;

/** Objects, what became of them, and the work that it took. */
export class ObjectMetrics {
  readonly #feed = new Feed<ObjectFeed>();
  readonly #changes: Counter<"change">;
  readonly #translation: Histogram;
  readonly #units: Counter<"type">;
  readonly #defects: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#registerGauges(registry);
    this.#changes = new Counter({
      name: "binnacle_store_changes_total",
      help: "Changes of objects that the sources reported.",
      labelNames: ["change"],
      registers,
    });
    for (const change of ["put", "refuse", "delete"]) this.#changes.inc({ change }, 0);
    this.#translation = new Histogram({
      name: "binnacle_translation_duration_seconds",
      help: "Time of one round of translation: from a change in the store to the finished resources.",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#units = new Counter({
      name: "binnacle_translation_units_built_total",
      help: "Units (a virtual host, a cluster, an endpoint set, ...) that were built again because something they read changed.",
      labelNames: ["type"],
      registers,
    });
    this.#defects = new Counter({
      name: "binnacle_translation_defects_total",
      help: "Parts of the configuration that could not be made for a defect of Binnacle, and stayed as they were.",
      registers,
    });
  }

  connect(feed: ObjectFeed): void {
    this.#feed.connect(feed);
  }

  storeChanged(change: "put" | "refuse" | "delete", count = 1): void {
    this.#changes.inc({ change }, count);
  }

  /** One round of translation: how long, and how many units of each type it built. */
  translated(seconds: number, units: Readonly<Record<string, number>>): void {
    this.#translation.observe(seconds);
    for (const [type, count] of Object.entries(units)) this.#units.inc({ type }, count);
  }

  /** A part of the configuration could not be made, for no fault of an object. */
  defect(): void {
    this.#defects.inc();
  }

  #registerGauges(registry: Registry): void {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_objects",
      help: "Objects by kind: valid ones in use as they stand, refused ones whose last accepted form is used, if there is one.",
      labels: ["kind", "state"],
      read: () =>
        feed.read((objects) =>
          objects.kinds().flatMap(({ kind, valid, refused }) => [
            { labels: { kind, state: "valid" }, value: valid },
            { labels: { kind, state: "refused" }, value: refused },
          ]),
        ),
    });
    const shown = () => feed.read((objects) => [...objects.refused()].sort(byIdentity).slice(0, OBJECTS_SHOWN));
    fedGauge(registry, {
      name: "binnacle_object_refused",
      help: `1 for an object whose newest form is refused, by cause: invalid in itself, or refused by Envoy (nack). At most ${OBJECTS_SHOWN}.`,
      labels: ["kind", "namespace", "name", "cause"],
      read: () =>
        [...shown()].map(({ kind, namespace, name, cause }) => ({
          labels: { kind, namespace, name, cause },
          value: 1,
        })),
    });
    fedGauge(registry, {
      name: "binnacle_object_last_good_timestamp_seconds",
      help: "When the form that is served instead of a refused one was accepted. Unix time.",
      labels: ["kind", "namespace", "name"],
      read: () =>
        [...shown()].flatMap(({ kind, namespace, name, lastGoodAt }) =>
          lastGoodAt === undefined ? [] : [{ labels: { kind, namespace, name }, value: lastGoodAt / 1000 }],
        ),
    });
    fedGauge(registry, {
      name: "binnacle_object_verdicts",
      help: "What translation found wrong with objects, by reason.",
      labels: ["kind", "namespace", "severity", "reason"],
      read: () =>
        feed.read((objects) =>
          objects.verdicts().map(({ kind, namespace, severity, reason, count }) => ({
            labels: { kind, namespace, severity, reason },
            value: count,
          })),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_object_problem",
      help: `1 for an object of which a part does not work, by reason, or whose host or path another object has (the holder). At most ${OBJECTS_SHOWN}, errors first.`,
      labels: ["kind", "namespace", "name", "severity", "reason", "host", "holder"],
      read: () =>
        feed.read((objects) =>
          objects
            .problems()
            .toSorted((a, b) => compareText(a.severity, b.severity) || byIdentity(a, b))
            .slice(0, OBJECTS_SHOWN)
            .map(({ kind, namespace, name, severity, reason, host, holder }) => ({
              labels: { kind, namespace, name, severity, reason, host, holder },
              value: 1,
            })),
        ),
    });
    for (const [size, help] of SIZES) {
      const read = () => feed.read((objects) => single(objects.sizes()[size]));
      fedGauge(registry, { name: `binnacle_${size}`, help, labels: [], read });
    }
  }
}

const SIZES = [
  ["hosts", "Host names that are served, wildcards counted as one."],
  ["routes", "Routes of all hosts."],
  ["clusters", "Upstream clusters."],
  ["endpoints", "Endpoints of all upstream clusters."],
] as const;

type Identity = Pick<RefusedObject, "kind" | "namespace" | "name">;

function byIdentity(a: Identity, b: Identity): number {
  return compareText(a.namespace, b.namespace) || compareText(a.kind, b.kind) || compareText(a.name, b.name);
}
