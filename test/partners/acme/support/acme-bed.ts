import type { PeerCertificate } from "node:tls";
import { Registry } from "prom-client";
import type { RetryTimes } from "#acme/renewal.ts";
import type { Config } from "#config/config.ts";
import { silentLogger } from "#lib/log.ts";
import { AcmeMetrics } from "#monitoring/acme-metrics.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { orderCertificates } from "../../../../src/main/acme.ts";
import { DnsServer } from "../../../integration/support/dns-server.ts";
import { Gateway } from "../../../integration/support/gateway.ts";
import { trustedPeer } from "../../../integration/support/handshake.ts";
import { temporaryDirectory } from "../../../integration/support/temp-dir.ts";
import { Pebble, type PebbleOptions } from "./pebble.ts";

export interface AcmeBedOptions extends Pick<PebbleOptions, "badNonces" | "briefly"> {
  readonly settings?: Partial<NonNullable<Config["acme"]>>;
  /** Nobody listens where Pebble would. */
  readonly away?: boolean;
}

const RETRY: RetryTimes = {
  least: { unreachable: 50, untrusted: 50, rateLimited: 50, challenge: 200, refused: 50, unkept: 50 },
  most: 400,
};

/** Envoy with a control plane that orders certificates from Pebble; every name below `.test` leads to this Envoy. */
export class AcmeBed implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly pebble: Pebble;
  readonly dns: DnsServer;
  readonly stateDirectory: string;
  metrics = new Registry();
  readonly #options: AcmeBedOptions;
  readonly #stack: AsyncDisposableStack;
  #ordering = new AsyncDisposableStack();

  private constructor(
    options: AcmeBedOptions,
    parts: { gateway: Gateway; pebble: Pebble; dns: DnsServer; stateDirectory: string },
    stack: AsyncDisposableStack,
  ) {
    this.#options = options;
    this.gateway = parts.gateway;
    this.pebble = parts.pebble;
    this.dns = parts.dns;
    this.stateDirectory = parts.stateDirectory;
    this.#stack = stack;
  }

  static async start(options: AcmeBedOptions = {}): Promise<AcmeBed> {
    await using stack = new AsyncDisposableStack();
    const state = stack.use(await temporaryDirectory("acme"));
    const dns = stack.use(await DnsServer.start(["* A 127.0.0.1"]));
    const gateway = stack.use(await Gateway.start({ settings: { acme: true } }));
    const { badNonces = 0, briefly = 60 } = options;
    const place = { httpPort: gateway.httpPort, dns: dns.place, badNonces, briefly };
    const pebble = stack.use(await Pebble.prepare(place));
    if (options.away !== true) await pebble.run();
    const bed = new AcmeBed(options, { gateway, pebble, dns, stateDirectory: state.path }, stack.move());
    await bed.order();
    return bed;
  }

  /** Begins to order, as a start of the control plane does. */
  async order(): Promise<void> {
    const { directory, caFile } = this.pebble;
    const settings = { directory, caFile, agreeToTerms: true, keyType: "ecdsa-p256", renewBefore: 86_400_000 } as const;
    this.metrics = new Registry();
    await orderCertificates(
      {
        settings: { ...settings, ...this.#options.settings },
        controlPlane: this.gateway.controlPlane,
        stateDirectory: this.stateDirectory,
        metrics: new AcmeMetrics(this.metrics),
        logger: silentLogger,
        retry: RETRY,
      },
      this.#ordering,
    );
  }

  /** Stops to order, as a stop of the control plane does. */
  async stopOrdering(): Promise<void> {
    await this.#ordering.disposeAsync();
    this.#ordering = new AsyncDisposableStack();
  }

  /** A handshake that checks the chain against Pebble's authority. Throws where it fails. */
  async peer(servername: string): Promise<PeerCertificate> {
    return await trustedPeer(this.gateway.httpsPort, servername, await this.pebble.root());
  }

  /** What is said about an object: `error Reason: message`. */
  status(ref: ObjectRef): readonly string[] {
    const verdicts = this.gateway.controlPlane.translator.verdicts(ref);
    return verdicts.map(({ severity, reason, message }) => `${severity} ${reason}: ${message}`);
  }

  /** How many orders ended so. */
  async orders(result: string): Promise<number> {
    const { values } = await this.metrics.getSingleMetric("binnacle_acme_orders_total")!.get();
    return values.find(({ labels }) => labels["result"] === result)?.value ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ordering.disposeAsync();
    await this.#stack.disposeAsync();
  }
}

/** An Ingress that asks for a certificate of its hosts, with a Service behind it that has no endpoints. */
export function asking(name: string, hosts: readonly string[], secretName?: string): string {
  return JSON.stringify({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "team", annotations: { "binnacle.dev/acme": "true" } },
    spec: {
      tls: [{ hosts, ...(secretName === undefined ? {} : { secretName }) }],
      rules: hosts.map((host) => ({
        host,
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
        },
      })),
    },
  });
}
