import { type Clock, pause, systemClock } from "#kubernetes/clock.ts";
import {
  isAborted,
  isAlreadyExists,
  isConflict,
  isNotFound,
  isUnavailable,
  KubeError,
} from "#kubernetes/kube-error.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { SECRETS } from "#kubernetes/resource-types.ts";
import type { TermWriter } from "#kubernetes/term-writer.ts";
import { Backoff } from "#lib/backoff.ts";
import type { AcmeChallenge } from "#resources/acme.ts";
import {
  type CertificateName,
  type CertificateWriter,
  ChangedElsewhere,
  type KeptCertificate,
  type RecordedCertificate,
} from "../certificate-records.ts";
import { newAccountKey } from "../keys.ts";
import type { CertificateSecrets } from "./certificate-secrets.ts";
import {
  accountKeyOf,
  accountSecret,
  accountSecretName,
  certificateSecret,
  certificateSecretName,
} from "./secret-form.ts";

export interface TermCertificatesOptions {
  readonly secrets: CertificateSecrets;
  readonly writer: TermWriter;
  /** The control planes' own. */
  readonly namespace: string;
  readonly clock?: Clock;
}

/** Milliseconds. */
const BACKOFF = { least: 250, most: 10_000 };

/**
 * Keeps the certificates of one term of a leader as Secrets: one write when an order asks for answers, one with what came of it,
 * each over the state that was seen. It tries until the term ends, and throws what no time mends.
 */
export class TermCertificates implements CertificateWriter {
  readonly #options: TermCertificatesOptions;

  constructor(options: TermCertificatesOptions) {
    this.#options = options;
  }

  async accountKey(directory: string, signal: AbortSignal): Promise<string> {
    const { writer, namespace } = this.#options;
    const name = { namespace, name: accountSecretName(directory) };
    const secret = await this.#patiently(async () => {
      try {
        return await writer.read((client, options) => client.get(SECRETS, name, options));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      const made = accountSecret(namespace, directory, await newAccountKey());
      return await writer.write((client, options) => client.create(SECRETS, made, options));
    }, signal);
    const key = accountKeyOf(secret);
    if (key === "")
      throw new Error(`Secret ${namespace}/${name.name} has no account.key; delete it, and a new account is made`);
    return key;
  }

  async publish(
    certificate: CertificateName,
    challenges: readonly AcmeChallenge[],
    signal: AbortSignal,
  ): Promise<void> {
    const { secrets } = this.#options;
    await this.#patiently(async () => {
      const before = secrets.secretOf(certificate);
      try {
        await this.#write(certificate, { ...secrets.read(certificate), challenges }, before);
      } catch (error) {
        if (!isOutdated(error, before)) throw error;
        await this.#look(certificate);
        throw new ChangedElsewhere(certificate);
      }
    }, signal);
  }

  /** What another wrote meanwhile is no newer than a certificate that has just come. */
  async keep(certificate: CertificateName, kept: KeptCertificate, signal: AbortSignal): Promise<void> {
    const { secrets } = this.#options;
    await this.#patiently(
      async () => {
        const before = secrets.secretOf(certificate);
        try {
          await this.#write(certificate, { ...kept, challenges: [] }, before);
        } catch (error) {
          if (isOutdated(error, before)) await this.#look(certificate);
          throw error;
        }
      },
      signal,
      (error) => isConflict(error) || isNotFound(error),
    );
  }

  async #write(
    certificate: CertificateName,
    record: RecordedCertificate,
    before: KubeObject | undefined,
  ): Promise<void> {
    const { secrets, writer, namespace } = this.#options;
    const secret = certificateSecret(namespace, certificate, record, before);
    const written = await writer.write((client, options) =>
      before === undefined ? client.create(SECRETS, secret, options) : client.replace(SECRETS, secret, options),
    );
    secrets.saw(written);
  }

  /** What stands there now: the watch may be late. */
  async #look(certificate: CertificateName): Promise<void> {
    const { secrets, writer, namespace } = this.#options;
    const name = certificateSecretName(certificate);
    try {
      secrets.stands(await writer.read((client, options) => client.get(SECRETS, { namespace, name }, options)));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      secrets.gone(name);
    }
  }

  /** @param more what passes besides, where another try sees what stands now */
  async #patiently<T>(
    work: () => Promise<T>,
    signal: AbortSignal,
    more: (error: KubeError) => boolean = () => false,
  ): Promise<T> {
    const backoff = new Backoff(BACKOFF);
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !(error instanceof KubeError) || !(passes(error) || more(error))) throw error;
        await pause(this.#options.clock ?? systemClock, backoff.next(error.retryAfter), signal);
      }
    }
  }
}

/** Another one was faster. */
function isOutdated(error: unknown, before: KubeObject | undefined): boolean {
  return isConflict(error) || isAlreadyExists(error) || (isNotFound(error) && before !== undefined);
}

/** Trouble of the API server's, or an account that another one has just made. */
function passes(error: KubeError): boolean {
  return !isAborted(error) && (isUnavailable(error) || error.code >= 500 || isAlreadyExists(error));
}
