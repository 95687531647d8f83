/**
 * What kind of failure an order ended with:
 * `unreachable` the server gave no answer, or an answer of 500 and above · `untrusted` its certificate is of no known authority ·
 * `rateLimited` it wants to be left alone · `challenge` it could not see our answer at a host · `refused` it does not issue this ·
 * `unkept` nothing of it is the server's: what belongs to the order cannot be kept here.
 */
export type AcmeFailureKind = (typeof ACME_FAILURE_KINDS)[number];
export const ACME_FAILURE_KINDS = [
  "unreachable",
  "untrusted",
  "rateLimited",
  "challenge",
  "refused",
  "unkept",
] as const;

export class AcmeError extends Error {
  readonly kind: AcmeFailureKind;
  /** Milliseconds after which the server wants to be asked again; 0 where it says nothing. */
  readonly retryAfter: number;

  constructor(kind: AcmeFailureKind, message: string, retryAfter = 0) {
    super(message);
    this.name = "AcmeError";
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}
