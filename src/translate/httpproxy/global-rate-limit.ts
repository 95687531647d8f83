import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrPolicies, IrRateLimitEntry } from "../ir-policies.ts";
import { headerMatch, headerProblem, isHeaderName } from "./header-conditions.ts";

type GlobalPolicy = NonNullable<NonNullable<ProxyRoute["rateLimitPolicy"]>["global"]>;
type Entry = NonNullable<GlobalPolicy["descriptors"]>[number]["entries"][number];

export type GlobalRateLimit = { readonly limit: IrPolicies["rateLimit"] } | { readonly problem: string };

/** What is said of limits that nobody watches. */
export const NO_RATE_LIMIT_SERVICE = {
  type: "SpecError",
  reason: "IgnoredField",
  message: "this appliance has no rate-limit service (routing.rateLimit), so it has no effect",
} as const;

/** What the rate-limit service is asked. */
export function globalRateLimit(policy: GlobalPolicy | undefined): GlobalRateLimit {
  if (policy === undefined) return { limit: undefined };
  if (policy.disabled === true) return { limit: "off" };
  const descriptors: IrRateLimitEntry[][] = [];
  for (const { entries } of policy.descriptors ?? []) {
    const read: IrRateLimitEntry[] = [];
    for (const entry of entries) {
      const found = readEntry(entry);
      if ("problem" in found) return found;
      read.push(found.entry);
    }
    descriptors.push(read);
  }
  return { limit: descriptors.length === 0 ? undefined : { descriptors } };
}

function readEntry(entry: Entry): { readonly entry: IrRateLimitEntry } | { readonly problem: string } {
  const { genericKey, requestHeader, requestHeaderValueMatch: match, remoteAddress } = entry;
  const given = [genericKey, requestHeader, match, remoteAddress].filter((form) => form !== undefined);
  if (given.length !== 1) return { problem: "an entry of a descriptor has not exactly one form" };
  if (genericKey !== undefined)
    return { entry: { type: "generic", key: genericKey.key ?? "generic_key", value: genericKey.value } };
  if (requestHeader !== undefined) {
    const { headerName, descriptorKey: key } = requestHeader;
    if (!isHeaderName(headerName)) return { problem: `${headerName} is no name of a header` };
    return { entry: { type: "header", name: headerName.toLowerCase(), key } };
  }
  if (match === undefined) return { entry: { type: "address" } };
  const conditions = match.headers ?? [];
  const problem = headerProblem(conditions);
  if (problem !== undefined) return { problem };
  const { value, expectMatch } = match;
  return { entry: { type: "headers", headers: conditions.map(headerMatch), expectMatch, value } };
}
