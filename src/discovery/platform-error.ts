import { errorMessage } from "#lib/error-message.ts";
import type { DiscoveryFailure, FailureKind } from "./discoverer.ts";

/** A request to a platform's API without the answer that was asked for. Its words hold no secrets. */
export class PlatformError extends Error {
  readonly kind: FailureKind;
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Milliseconds after which the platform wants to be asked again; 0 where it says nothing. */
  readonly retryAfter: number;

  constructor(
    message: string,
    options: {
      readonly kind: FailureKind;
      readonly status?: number;
      readonly retryAfter?: number;
      readonly cause?: unknown;
    },
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "PlatformError";
    this.kind = options.kind;
    this.status = options.status ?? 0;
    this.retryAfter = options.retryAfter ?? 0;
  }
}

/** What to do about a kind of failure, in the platform's own words. */
export type Fixes = Partial<Readonly<Record<FailureKind, string>>>;

/** What is told of an error; `invalid` where it is none that the platform's client knows. */
export function failureOf(error: unknown, fixes: Fixes): DiscoveryFailure {
  const kind = error instanceof PlatformError ? error.kind : "invalid";
  const fix = fixes[kind];
  return { kind, message: errorMessage(error), ...(fix === undefined ? {} : { fix }) };
}
