import type { Registry } from "prom-client";
import { Feed, fedGauge } from "./fed-metric.ts";

/** A Secret with a certificate that is served. */
export interface CertificateState {
  readonly namespace: string;
  readonly name: string;
  /** End of its validity, in milliseconds since the epoch; of a chain the earliest. */
  readonly notAfter: number;
  /** Why the Secret holds it no more; undefined: it does. */
  readonly kept: "missing" | "invalid" | undefined;
}

/** Read at each scrape. */
export type CertificateFeed = () => readonly CertificateState[];

export class CertificateMetrics {
  readonly #feed = new Feed<CertificateFeed>();

  constructor(registry: Registry) {
    const feed = this.#feed;
    fedGauge(registry, {
      name: "binnacle_certificate_expiry_timestamp_seconds",
      help: "End of validity of a certificate that hosts are served with, by its Secret. Unix time.",
      labels: ["namespace", "name"],
      read: () =>
        feed.read((certificates) =>
          certificates().map(({ namespace, name, notAfter }) => ({
            labels: { namespace, name },
            value: notAfter / 1000,
          })),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_certificate_secret_unusable",
      help: "1 for a Secret that is missing or holds no usable pair, while hosts are served with the last pair it held.",
      labels: ["namespace", "name", "cause"],
      read: () =>
        feed.read((certificates) =>
          certificates().flatMap(({ namespace, name, kept }) =>
            kept === undefined ? [] : [{ labels: { namespace, name, cause: kept }, value: 1 }],
          ),
        ),
    });
  }

  connect(feed: CertificateFeed): void {
    this.#feed.connect(feed);
  }
}
