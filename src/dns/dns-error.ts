/** Why there is no answer: nobody there, none in time, a refusal, a failure of the server's, or one that cannot be read. */
export type DnsErrorKind = "unreachable" | "timeout" | "refused" | "server" | "malformed";

/** A question without an answer. That a name does not exist is an answer. */
export class DnsError extends Error {
  readonly kind: DnsErrorKind;

  constructor(kind: DnsErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DnsError";
    this.kind = kind;
  }
}
