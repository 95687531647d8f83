import type { FailureKind } from "../../discoverer.ts";

const KINDS: Readonly<Record<string, FailureKind>> = {
  RequestLimitExceeded: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  RequestThrottled: "throttled",
  SlowDown: "throttled",
  AuthFailure: "credentials",
  ExpiredToken: "credentials",
  IncompleteSignature: "credentials",
  InvalidClientTokenId: "credentials",
  MissingAuthenticationToken: "credentials",
  RequestExpired: "credentials",
  SignatureDoesNotMatch: "credentials",
  UnrecognizedClientException: "credentials",
  Blocked: "forbidden",
  OptInRequired: "forbidden",
  PendingVerification: "forbidden",
  UnauthorizedOperation: "forbidden",
};

/** What an error code means ("Error codes for the Amazon EC2 API"), or the HTTP status where the code is none of the known. */
export function kindOfError(code: string, status: number): FailureKind {
  const kind = KINDS[code];
  if (kind !== undefined) return kind;
  if (status === 429) return "throttled";
  if (status === 401) return "credentials";
  if (status === 403) return "forbidden";
  return status >= 500 ? "server" : "invalid";
}
