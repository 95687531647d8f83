import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrLocalRateLimit } from "../ir-policies.ts";
import { bounded } from "./bounded.ts";
import { isHeaderName } from "./header-conditions.ts";

type LocalPolicy = NonNullable<NonNullable<ProxyRoute["rateLimitPolicy"]>["local"]>;

const UNITS = { second: 1000, minute: 60_000, hour: 3_600_000 } as const satisfies Record<LocalPolicy["unit"], number>;

export function localRateLimit(
  policy: LocalPolicy | undefined,
): { readonly limit: IrLocalRateLimit | undefined } | { readonly problem: string } {
  if (policy === undefined) return { limit: undefined };
  const { requests, unit, burst = 0, responseStatusCode = 429, responseHeadersToAdd } = policy;
  const names = responseHeadersToAdd.map(({ name }) => name.toLowerCase());
  for (const [index, name] of names.entries()) {
    if (!isHeaderName(name) || name.startsWith(":")) return { problem: `${name} is no name of a header` };
    if (names.indexOf(name) !== index) return { problem: `header ${name} is added twice` };
  }
  const headers = responseHeadersToAdd.map(({ name, value }) => ({
    name: name.toLowerCase(),
    value: value.replaceAll("%", "%%"),
  }));
  return {
    limit: {
      burst: bounded(requests + burst),
      fill: bounded(requests),
      interval: UNITS[unit],
      status: responseStatusCode,
      headers,
    },
  };
}
