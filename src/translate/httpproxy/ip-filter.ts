import { isIPv4, isIPv6 } from "node:net";
import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrIpFilter, IrIpRange } from "../ir-policies.ts";

type Rules = Pick<ProxyRoute, "ipAllowPolicy" | "ipDenyPolicy">;

export type IpFilter =
  | { readonly filter: IrIpFilter | undefined }
  | {
      readonly problem: string;
      readonly reason: "IncompatibleIPAddressFilters" | "InvalidCIDR";
      readonly field: string;
    };

/** Who may or may not. Where it is wrong the caller has to let nobody. */
export function ipFilter({ ipAllowPolicy: allow, ipDenyPolicy: deny }: Rules): IpFilter {
  if (allow.length > 0 && deny.length > 0) {
    const problem = "both ipAllowPolicy and ipDenyPolicy are given";
    return { problem, reason: "IncompatibleIPAddressFilters", field: "ipAllowPolicy" };
  }
  const [type, field, rules] =
    allow.length > 0 ? (["allow", "ipAllowPolicy", allow] as const) : (["deny", "ipDenyPolicy", deny] as const);
  if (rules.length === 0) return { filter: undefined };
  const ranges: IrIpRange[] = [];
  for (const [index, { source, cidr }] of rules.entries()) {
    const range = parseCidr(cidr);
    if (range === undefined) {
      const problem = `${cidr} is no range of addresses such as 10.0.0.0/8`;
      return { problem, reason: "InvalidCIDR", field: `${field}[${index}].cidr` };
    }
    ranges.push({ source: source === "Peer" ? "peer" : "remote", ...range });
  }
  return { filter: { type, ranges } };
}

/** `10.0.0.0/8`; an address alone is itself. */
function parseCidr(text: string): Pick<IrIpRange, "address" | "prefixLength"> | undefined {
  const [, address = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  // A zone (fe80::1%eth0) is a matter of one machine, and Envoy takes none.
  if (address.includes("%")) return undefined;
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined;
  if (bits === undefined) return undefined;
  const prefixLength = length === undefined ? bits : Number(length);
  return prefixLength > bits ? undefined : { address, prefixLength };
}
