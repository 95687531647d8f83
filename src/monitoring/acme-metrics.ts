import { Counter, type Registry } from "prom-client";
import { Feed, fedGauge } from "./fed-metric.ts";

/** A certificate that is wanted of the ACME server. Times are milliseconds since the epoch. */
export interface AcmeCertificate {
  readonly namespace: string;
  /** Of its Secret. */
  readonly name: string;
  /** Begin of the validity of the one that is served; undefined: there is none yet. */
  readonly issuedAt: number | undefined;
  /** Undefined after a success. */
  readonly failure: { readonly kind: string; readonly since: number } | undefined;
}

/** There is nothing of it where no ACME server is configured. */
export class AcmeMetrics {
  readonly #feed = new Feed<() => readonly AcmeCertificate[]>();
  readonly #orders: Counter<"result">;

  constructor(registry: Registry) {
    const feed = this.#feed;
    this.#orders = new Counter({
      name: "binnacle_acme_orders_total",
      help: "Orders of certificates that ended, by result: issued, or the kind of failure.",
      labelNames: ["result"],
      registers: [registry],
    });
    fedGauge(registry, {
      name: "binnacle_acme_certificate_issued_timestamp_seconds",
      help: "Begin of validity of a certificate that the ACME server issued, by its Secret. Unix time.",
      labels: ["namespace", "name"],
      read: () =>
        feed.read((certificates) =>
          certificates().flatMap(({ namespace, name, issuedAt }) =>
            issuedAt === undefined ? [] : [{ labels: { namespace, name }, value: issuedAt / 1000 }],
          ),
        ),
    });
    fedGauge(registry, {
      name: "binnacle_acme_failing_since_timestamp_seconds",
      help: "Since when a certificate's orders fail, by its Secret and the kind of the last failure. Unix time.",
      labels: ["namespace", "name", "kind"],
      read: () =>
        feed.read((certificates) =>
          certificates().flatMap(({ namespace, name, failure }) =>
            failure === undefined
              ? []
              : [{ labels: { namespace, name, kind: failure.kind }, value: failure.since / 1000 }],
          ),
        ),
    });
  }

  connect(feed: () => readonly AcmeCertificate[]): void {
    this.#feed.connect(feed);
  }

  ordered(result: string): void {
    this.#orders.inc({ result });
  }
}
