import type { AcmeChallenge } from "#resources/acme.ts";
import type { AcmeFailureKind } from "./acme-error.ts";

/** A certificate by the Secret that it is wanted for. */
export interface CertificateName {
  readonly namespace: string;
  readonly name: string;
}

/** What is kept of a certificate over restarts. */
export interface KeptCertificate {
  /** Undefined: there was none yet. */
  readonly issued: IssuedCertificate | undefined;
  /** Undefined after a success. */
  readonly failure: OrderFailure | undefined;
}

export interface IssuedCertificate {
  /** The directory that it came from. */
  readonly directory: string;
  /** Sorted. */
  readonly hosts: readonly string[];
  /** PEM, the leaf first. */
  readonly chain: string;
  readonly privateKey: string;
}

export interface OrderFailure {
  readonly kind: AcmeFailureKind;
  readonly message: string;
  /** What was asked for: another wish is tried at once. */
  readonly directory: string;
  readonly hosts: readonly string[];
  /** How many in a row. */
  readonly count: number;
  /** The first of them, milliseconds since the epoch. */
  readonly since: number;
  /** The next try. */
  readonly next: number;
}

/** What is known of a certificate besides: the answers of an order that is open, wherever it was begun. */
export interface RecordedCertificate extends KeptCertificate {
  readonly challenges: readonly AcmeChallenge[];
}

export const NOTHING_RECORDED: RecordedCertificate = { issued: undefined, failure: undefined, challenges: [] };

/** What is known of certificates, for whoever serves them. */
export interface CertificateRecords {
  read(certificate: CertificateName): RecordedCertificate;
}

/** Where whoever orders keeps what comes of it. Every call ends with the signal. */
export interface CertificateWriter {
  /** PEM. Each directory has an account of its own; its key is made when it is asked for first. */
  accountKey(directory: string, signal: AbortSignal): Promise<string>;
  /**
   * Resolves when everybody who serves the hosts can know these answers. Throws {@link ChangedElsewhere} where another
   * one wrote meanwhile.
   */
  publish(certificate: CertificateName, challenges: readonly AcmeChallenge[], signal: AbortSignal): Promise<void>;
  /** In place of what was kept; no order is open any more. */
  keep(certificate: CertificateName, kept: KeptCertificate, signal: AbortSignal): Promise<void>;
}

/** Another one wrote what is kept of a certificate: what it needs has to be looked at again. */
export class ChangedElsewhere extends Error {
  constructor({ namespace, name }: CertificateName) {
    super(`what is kept of certificate ${namespace}/${name} was changed by another`);
    this.name = "ChangedElsewhere";
  }
}
