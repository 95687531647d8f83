import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrLocalRateLimit } from "../ir-policies.ts";
import { bounded } from "./bounded.ts";
import { headerPolicy } from "./header-policy.ts";

type LocalPolicy = NonNullable<NonNullable<ProxyRoute["rateLimitPolicy"]>["local"]>;

const UNITS = { second: 1000, minute: 60_000, hour: 3_600_000 } as const satisfies Record<LocalPolicy["unit"], number>;

export function localRateLimit(
  policy: LocalPolicy | undefined,
): { readonly limit: IrLocalRateLimit | undefined } | { readonly problem: string } {
  if (policy === undefined) return { limit: undefined };
  const { requests, unit, burst = 0, responseStatusCode = 429, responseHeadersToAdd } = policy;
  const added = headerPolicy({ set: responseHeadersToAdd, remove: [] }, { host: "never", variables: {} });
  if ("problem" in added) return added;
  return {
    limit: {
      burst: bounded(requests + burst),
      fill: bounded(requests),
      interval: UNITS[unit],
      status: responseStatusCode,
      headers: added.changes?.set ?? [],
    },
  };
}
