import { canonicalJson } from "#lib/canonical.ts";
import type { ServiceAnnotations } from "#resources/annotations.ts";
import type { IrCircuitBreaker } from "./ir.ts";

/** What those who ask say themselves, so that no Service's annotation counts. */
export interface SaidPolicies {
  readonly healthCheck: boolean;
  readonly circuitBreaker: Partial<IrCircuitBreaker>;
}

/**
 * Of Services that are one cluster in Envoy, which has the settings of the first: what another one says of itself and does not get,
 * in words. What it says nothing of, is the first one's affair.
 */
export function differingPolicies(first: ServiceAnnotations, other: ServiceAnnotations, said: SaidPolicies): string[] {
  const { healthCheck, outlierDetection, circuitBreaker } = other;
  const limits = Object.keys(circuitBreaker) as (keyof IrCircuitBreaker)[];
  const isOther = (limit: keyof IrCircuitBreaker): boolean =>
    said.circuitBreaker[limit] === undefined &&
    circuitBreaker[limit] !== undefined &&
    circuitBreaker[limit] !== first.circuitBreaker[limit];
  return [
    ...(!said.healthCheck &&
    healthCheck !== undefined &&
    canonicalJson(healthCheck) !== canonicalJson(first.healthCheck ?? {})
      ? ["health checks"]
      : []),
    ...(!outlierDetection && first.outlierDetection ? ["outlier detection"] : []),
    ...(limits.some(isOther) ? ["circuit breakers"] : []),
  ];
}
