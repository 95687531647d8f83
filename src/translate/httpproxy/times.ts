import { parseDuration } from "#lib/duration.ts";
import { isInfinity } from "#resources/httpproxy-fields.ts";
import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrRetry } from "../ir-route.ts";
import { SAFE_RETRIES } from "../retries.ts";
import { bounded } from "./bounded.ts";

/**
 * Milliseconds of a time limit: 0 for none (`infinity`); undefined where nothing is said, which `0s` is, too (Contour).
 */
export function timeLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (isInfinity(text)) return 0;
  const milliseconds = parseDuration(text) ?? 0;
  return milliseconds === 0 ? undefined : milliseconds;
}

/**
 * A route that says nothing is retried where that is safe; one that says something, on that beside.
 *
 * @param fallbacks how many others take over; undefined where endpoints have no order
 */
export function retry(policy: ProxyRoute["retryPolicy"], fallbacks: number | undefined): IrRetry {
  const next = fallbacks === undefined ? {} : { nextPriority: true as const };
  if (policy === undefined)
    return { on: SAFE_RETRIES, attempts: Math.max(1, fallbacks ?? 1), perTryTimeout: undefined, ...next };
  const { count, retryOn, perTryTimeout, retriableStatusCodes } = policy;
  const asked = retryOn.length === 0 ? ["5xx"] : retryOn;
  const words = new Set([...SAFE_RETRIES.split(","), ...asked]);
  const limit = timeLimit(perTryTimeout);
  const statusCodes = retriableStatusCodes.filter(isStatusCode);
  return {
    on: [...words].join(","),
    attempts: count === -1 ? 0 : Math.max(1, bounded(count)),
    perTryTimeout: limit === 0 ? undefined : limit,
    ...(statusCodes.length === 0 ? {} : { statusCodes }),
    ...next,
  };
}

/** Any number of 64 bits passes an API server, and Envoy has room for 32 without a sign. */
export function isStatusCode(code: number): boolean {
  return code >= 100 && code <= 599;
}
