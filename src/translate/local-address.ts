import { BlockList, isIPv6 } from "node:net";
import type { UpstreamSettings } from "./settings.ts";

const LOCAL = new BlockList();
LOCAL.addSubnet("127.0.0.0", 8, "ipv4");
LOCAL.addSubnet("0.0.0.0", 8, "ipv4");
LOCAL.addSubnet("169.254.0.0", 16, "ipv4");
LOCAL.addAddress("::1", "ipv6");
LOCAL.addAddress("::", "ipv6");
LOCAL.addSubnet("fe80::", 10, "ipv6");

/**
 * Whether an address may not be an upstream: this machine's own, which would open what listens on it (the control API,
 * Envoy's administration, a cloud's metadata service) to whoever may write a route.
 */
export function isRefusedAddress(address: string, port: number, settings: UpstreamSettings): boolean {
  const local = isLocalAddress(address) || settings.ownAddresses.includes(address);
  return local && !settings.allowLocal.some(({ from, to }) => from <= port && port <= to);
}

/** Loopback, unspecified, link-local; also inside an IPv4-mapped IPv6 address. */
export function isLocalAddress(address: string): boolean {
  return LOCAL.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Names that mean this machine (RFC 6761 §6.3). */
export function isLocalName(host: string): boolean {
  return /(^|\.)localhost\.?$/i.test(host);
}
