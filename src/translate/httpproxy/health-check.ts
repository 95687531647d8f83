import { quote } from "#lib/describe-value.ts";
import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrHealthCheck } from "../ir.ts";
import { bounded } from "./bounded.ts";

type Policy = NonNullable<ProxyRoute["healthCheckPolicy"]>;

/** Contour's defaults. Where a policy is wrong, nothing is checked. */
export function healthCheck(
  policy: Policy | undefined,
): { readonly check: IrHealthCheck | undefined } | { readonly problem: string } {
  if (policy === undefined) return { check: undefined };
  const { path, host, expectedStatuses } = policy;
  if (!path.startsWith("/")) return { problem: `path ${path} does not start with /` };
  // oxlint-disable-next-line no-control-regex -- Envoy takes none of these in a request that it makes
  const unsendable = [path, host].find((text) => text !== undefined && /[\x00-\x20\x7f]/.test(text));
  if (unsendable !== undefined) return { problem: `${quote(unsendable)} cannot stand in a request` };
  const empty = expectedStatuses.find(({ start, end }) => start >= end);
  if (empty !== undefined) return { problem: `no status is from ${empty.start} up to, not including, ${empty.end}` };
  return {
    check: {
      path,
      host: host === undefined || host === "" ? "contour-envoy-healthcheck" : host,
      ...(expectedStatuses.length === 0 ? {} : { statuses: expectedStatuses }),
      interval: positive(policy.intervalSeconds, 5) * 1000,
      timeout: positive(policy.timeoutSeconds, 2) * 1000,
      healthyThreshold: positive(policy.healthyThresholdCount, 2),
      unhealthyThreshold: positive(policy.unhealthyThresholdCount, 3),
    },
  };
}

/** Contour: 0 and less are the standard. */
export function positive(value: number | undefined, standard: number): number {
  return value === undefined || value <= 0 ? standard : bounded(value);
}
