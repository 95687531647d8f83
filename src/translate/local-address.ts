import { BlockList, isIP, isIPv6 } from "node:net";
import type { UpstreamSettings } from "./settings.ts";

const LOCAL = new BlockList();
LOCAL.addSubnet("127.0.0.0", 8, "ipv4");
LOCAL.addSubnet("0.0.0.0", 8, "ipv4");
LOCAL.addSubnet("169.254.0.0", 16, "ipv4");
LOCAL.addAddress("::1", "ipv6");
LOCAL.addAddress("::", "ipv6");
LOCAL.addSubnet("fe80::", 10, "ipv6");
// Where an instance of Amazon's finds its metadata by IPv6: no link-local address, but as near as 169.254.169.254.
LOCAL.addAddress("fd00:ec2::254", "ipv6");

/** The appliance's own addresses, once for each settings. */
const OWN = new WeakMap<UpstreamSettings, BlockList>();

/** Why a host may not be an upstream, in words that follow its name. */
export interface HostRefusal {
  readonly reason: "LocalAddressRefused" | "HostNotValid";
  readonly message: string;
  readonly fix: string;
}

/**
 * Whether an address may not be an upstream: this machine's own, which would open what listens on it (the control API,
 * Envoy's administration, a cloud's metadata service) to whoever may write a route.
 */
export function isRefusedAddress(address: string, port: number, settings: UpstreamSettings): boolean {
  const local = isLocalAddress(address) || ownAddresses(settings).check(address, family(address));
  return local && !allows(settings, port);
}

/** As {@link isRefusedAddress}, of what stands where a DNS name is expected: a resolver takes addresses there, too. */
export function refusedHost(host: string, port: number, settings: UpstreamSettings): HostRefusal | undefined {
  if (isIP(host) === 0 && endsInNumber(host)) {
    const message = "is neither a DNS name nor an IP address";
    return { reason: "HostNotValid", message, fix: "write the address with four numbers, or a name" };
  }
  const local =
    isIP(host) === 0 ? isLocalName(host) && !allows(settings, port) : isRefusedAddress(host, port, settings);
  if (!local) return undefined;
  return {
    reason: "LocalAddressRefused",
    message: "means this machine, so it is not used as an upstream",
    fix: `if it is meant, add port ${port} to upstreams.allowLocal in binnacle.yaml`,
  };
}

/** Loopback, unspecified, link-local, a cloud's metadata; also inside an IPv4-mapped IPv6 address. */
export function isLocalAddress(address: string): boolean {
  return LOCAL.check(address, family(address));
}

/** One way to write an address: of IPv6 there are many (RFC 5952). A zone (`%eth0`) is left out. */
export function canonicalAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1) : address;
}

/** Names that mean this machine (RFC 6761 §6.3), and those that distributions write into /etc/hosts. */
function isLocalName(host: string): boolean {
  return /(^|\.)localhost\.?$|^localhost\.localdomain$|^ip6-(localhost|loopback)$/i.test(host);
}

/**
 * Whether a resolver may take a name for an address written in another way: `127.1`, `2130706433`, `0x7f.0.0.1` (WHATWG URL
 * "ends in a number"). No top-level domain is a number.
 */
function endsInNumber(host: string): boolean {
  return /(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(host);
}

function ownAddresses(settings: UpstreamSettings): BlockList {
  const known = OWN.get(settings);
  if (known !== undefined) return known;
  const list = new BlockList();
  for (const address of settings.ownAddresses) list.addAddress(canonicalAddress(address), family(address));
  OWN.set(settings, list);
  return list;
}

function allows({ allowLocal }: UpstreamSettings, port: number): boolean {
  return allowLocal.some(({ from, to }) => from <= port && port <= to);
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
