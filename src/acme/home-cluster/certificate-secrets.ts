import type { KubeClient } from "#kubernetes/client.ts";
import type { MirrorEvent } from "#kubernetes/mirror.ts";
import { Reflector, type ReflectorTimes } from "#kubernetes/reflector.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { SECRETS } from "#kubernetes/resource-types.ts";
import { isEarlier } from "#kubernetes/resource-version.ts";
import type { Logger } from "#lib/log.ts";
import { unreachable } from "#lib/unreachable.ts";
import {
  type CertificateName,
  type CertificateRecords,
  NOTHING_RECORDED,
  type RecordedCertificate,
} from "../certificate-records.ts";
import { certificateOf, CERTIFICATES, certificateSecretName, readCertificateSecret } from "./secret-form.ts";

export interface CertificateSecretsOptions {
  readonly client: KubeClient;
  /** The control planes' own. */
  readonly namespace: string;
  readonly log: Logger;
  readonly times?: Partial<ReflectorTimes>;
}

/**
 * What is known of certificates where a cluster is the home: each is a Secret in the control planes' own namespace, followed by
 * all of them. That also brings the answers of an open order to whoever is asked for them.
 */
export class CertificateSecrets implements CertificateRecords {
  readonly #options: CertificateSecretsOptions;
  /** By the Secrets' names. */
  readonly #known = new Map<string, KubeObject>();
  readonly #listed = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  #onChange: (certificate: CertificateName) => void = () => {};

  constructor(options: CertificateSecretsOptions) {
    this.#options = options;
  }

  /** All there are have been read. */
  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  /** They have been read, or it is known that they may not be. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  onChange(told: (certificate: CertificateName) => void): void {
    this.#onChange = told;
  }

  read(certificate: CertificateName): RecordedCertificate {
    const secret = this.secretOf(certificate);
    return secret === undefined ? NOTHING_RECORDED : readCertificateSecret(secret);
  }

  /** As it was seen last. */
  secretOf(certificate: CertificateName): KubeObject | undefined {
    return this.#known.get(certificateSecretName(certificate));
  }

  /** A Secret as it stands; an earlier state than the known one is passed over. */
  saw(secret: KubeObject): void {
    const { name = "" } = secret.metadata;
    const known = this.#known.get(name);
    if (known !== undefined && isEarlier(secret, known.metadata.resourceVersion ?? "")) return;
    this.stands(secret);
  }

  /**
   * A Secret as it was read just now, or listed anew: it counts, be its version earlier than the known one's. So it is after the API
   * server's data was restored from a copy, and otherwise nothing would be taken until the versions have caught up.
   */
  stands(secret: KubeObject): void {
    const { name = "" } = secret.metadata;
    const known = this.#known.get(name);
    this.#known.set(name, secret);
    this.#tell(known);
    this.#tell(secret);
  }

  gone(name: string): void {
    const known = this.#known.get(name);
    this.#known.delete(name);
    this.#tell(known);
  }

  /** Until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, namespace, log, times } = this.#options;
    const reflector = new Reflector({
      client,
      type: SECRETS,
      selection: { namespace, labelSelector: CERTIFICATES },
      log,
      onEvent: (event) => this.#take(event),
      onState: ({ error }) => error?.reason === "Forbidden" && this.#settled.resolve(),
      ...(times === undefined ? {} : { times }),
    });
    await reflector.run(signal);
    this.#settled.resolve();
  }

  #take(event: MirrorEvent): void {
    switch (event.type) {
      case "replaced":
        for (const { name } of event.deleted) this.gone(name);
        for (const secret of event.changed) this.stands(secret);
        this.#listed.resolve();
        this.#settled.resolve();
        break;
      case "upsert":
        this.saw(event.object);
        break;
      case "delete":
        this.gone(event.name.name);
        break;
      default:
        unreachable(event);
    }
  }

  #tell(secret: KubeObject | undefined): void {
    const certificate = secret && certificateOf(secret);
    if (certificate !== undefined) this.#onChange(certificate);
  }
}
