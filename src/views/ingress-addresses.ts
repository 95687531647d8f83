import { isIP } from "node:net";
import type { IngressAddress } from "#kube-api/served-object.ts";

export interface ListenerAddress {
  readonly address: string;
  readonly port: number;
  readonly protocol: "http" | "https" | "tcp" | "udp";
}

/**
 * Where Ingresses are reached, by the listeners that route by objects. One on all addresses (0.0.0.0, ::) is reached at each
 * of the machine's own of that family.
 *
 * @param own the machine's addresses beyond loopback and its links
 */
export function ingressAddresses(
  listeners: readonly ListenerAddress[],
  own: readonly string[],
): readonly IngressAddress[] {
  const ports = new Map<string, Set<number>>();
  for (const { address, port, protocol } of listeners) {
    if (protocol !== "http" && protocol !== "https") continue;
    const unspecified = address === "0.0.0.0" || address === "::";
    // Envoy's socket on :: takes no IPv4 (`ipv4_compat` is off).
    const reached = unspecified ? own.filter((ip) => isIP(ip) === isIP(address)) : [address];
    for (const ip of reached) ports.set(ip, (ports.get(ip) ?? new Set()).add(port));
  }
  return [...ports].map(([ip, taken]) => ({
    ip,
    ports: [...taken].sort((a, b) => a - b).map((port) => ({ port, protocol: "TCP" as const })),
  }));
}
