import { isMap } from "#lib/schema-rules.ts";

/** What went wrong where the API did not say it itself. */
export type LocalReason =
  /** No connection, or it ended before the answer did. */
  | "Unreachable"
  /** No answer in the time that was given. */
  | "Timeout"
  /** The caller's signal said so. */
  | "Aborted"
  /** The answer is no JSON, or larger than anything an API server sends. */
  | "Malformed"
  /** The kubeconfig or what it names cannot be used. */
  | "Credentials";

export interface KubeErrorDetails {
  /** The HTTP status; 0 where there was no whole answer. */
  readonly code: number;
  /** Kubernetes' own word (`NotFound`, `Conflict`, `Expired`, `AlreadyExists` …) or a {@link LocalReason}. */
  readonly reason: string;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A call of the API that failed. Its message names the call and holds no credentials. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: number;
  readonly reason: string;
  readonly retryAfter: number | undefined;

  constructor(message: string, details: KubeErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = details.code;
    this.reason = details.reason;
    this.retryAfter = details.retryAfter;
  }

  /** The error of an answer: its body is a Status, or was made by something between us and the API server. */
  static fromAnswer(call: string, code: number, body: unknown, retryAfter?: number): KubeError {
    const status = isMap(body) && body["kind"] === "Status" ? body : {};
    const reason = typeof status["reason"] === "string" && status["reason"] !== "" ? status["reason"] : reasonOf(code);
    const message = typeof status["message"] === "string" ? status["message"] : `HTTP status ${code}`;
    return new KubeError(`${call}: ${message}`, { code, reason, retryAfter });
  }
}

/** The error's reason, also of what is no {@link KubeError}. */
export function reasonOfError(error: unknown): string {
  return error instanceof KubeError ? error.reason : "Unknown";
}

export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.code === 404;
}

/** Another one changed the object since it was read. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.code === 409 && error.reason === "Conflict";
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof KubeError && error.code === 409 && error.reason === "AlreadyExists";
}

/** The resourceVersion is no longer known: what is watched must be listed anew. Old servers answer `Gone`. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeError && (error.code === 410 || error.reason === "Expired" || error.reason === "Gone");
}

/** It is the server, or the way to it, and not what was asked: everything else that is asked now fares no better. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof KubeError && (error.code === 0 || error.code === 429 || error.code === 503);
}

export function isAborted(error: unknown): boolean {
  return error instanceof KubeError && error.reason === "Aborted";
}

/** The word of apimachinery's StatusReason for a status that came without one. */
function reasonOf(code: number): string {
  return REASONS[code] ?? (code >= 500 ? "InternalError" : "Unknown");
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};
