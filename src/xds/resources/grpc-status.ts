/**
 * The statuses of gRPC by number, each with the HTTP code that it is the same as (google/rpc/code.proto). A gRPC answer's own
 * code is 200 whatever came of the call.
 */
export const GRPC_STATUSES: readonly { readonly name: string; readonly code: number }[] = [
  { name: "OK", code: 200 },
  { name: "CANCELLED", code: 499 },
  { name: "UNKNOWN", code: 500 },
  { name: "INVALID_ARGUMENT", code: 400 },
  { name: "DEADLINE_EXCEEDED", code: 504 },
  { name: "NOT_FOUND", code: 404 },
  { name: "ALREADY_EXISTS", code: 409 },
  { name: "PERMISSION_DENIED", code: 403 },
  { name: "RESOURCE_EXHAUSTED", code: 429 },
  { name: "FAILED_PRECONDITION", code: 400 },
  { name: "ABORTED", code: 409 },
  { name: "OUT_OF_RANGE", code: 400 },
  { name: "UNIMPLEMENTED", code: 501 },
  { name: "INTERNAL", code: 500 },
  { name: "UNAVAILABLE", code: 503 },
  { name: "DATA_LOSS", code: 500 },
  { name: "UNAUTHENTICATED", code: 401 },
];

/** `UNAVAILABLE`; the number of one that gRPC does not know. */
export function grpcStatusName(status: number): string {
  return GRPC_STATUSES[status]?.name ?? String(status);
}

/** The numbers of those that are a failure of the service, as 5xx are. */
export const FAILED_GRPC_STATUSES: readonly number[] = GRPC_STATUSES.flatMap(({ code }, number) =>
  code >= 500 ? [number] : [],
);

/** A client that leaves (`DC`), or takes its request back (`DR`), gets no status: Envoy would say UNKNOWN. */
export const CLIENT_LEFT_FLAGS = ["DC", "DR"] as const;

/**
 * What a request counts as: an answer of gRPC by its status, all others by their code.
 *
 * @param status of gRPC, or undefined where it was no gRPC
 */
export function countedCode(code: number, status: number | undefined, flags: readonly string[]): number {
  if (code !== 200 || status === undefined || CLIENT_LEFT_FLAGS.some((flag) => flags.includes(flag))) return code;
  return GRPC_STATUSES[status]?.code ?? 500;
}
