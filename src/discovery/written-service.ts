import { isIP } from "node:net";
import { compareText } from "#lib/compare.ts";
import type { DiscoveredPort, EndpointGroup, EndpointGroupPort, Protocol } from "./discovered.ts";

/** A port of a service that somebody wrote down, as against one that a platform tells of. */
export interface WrittenPort {
  /** Empty when it has none. */
  readonly name: string;
  readonly port: number;
  /** The number on the endpoints. */
  readonly targetPort: number;
  readonly protocol: Protocol;
  readonly appProtocol?: string;
}

/** What the service offers. */
export function servicePorts(ports: readonly WrittenPort[]): readonly DiscoveredPort[] {
  return ports.map(({ name, port, protocol, appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

/** Where the service's ports are on its endpoints. */
export function targetPorts(ports: readonly WrittenPort[]): readonly EndpointGroupPort[] {
  return ports.map(({ name, targetPort, protocol, appProtocol }) => ({
    name,
    protocol,
    port: targetPort,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

const TYPES = ["IPv4", "IPv6", "FQDN"] as const;

/** IP addresses and names, each once and ready, since nobody says of it that it is not: a group for each type, sorted. */
export function endpointGroups(
  addresses: Iterable<string>,
  ports: readonly EndpointGroupPort[],
): readonly EndpointGroup[] {
  const sorted = [...new Set(addresses)].sort(compareText);
  return TYPES.flatMap((addressType) => {
    const members = sorted.filter((address) => typeOf(address) === addressType);
    if (members.length === 0) return [];
    const endpoints = members.map((address) => ({ address, ready: true, serving: true, terminating: false }));
    return [{ addressType, ports, endpoints }];
  });
}

function typeOf(address: string): EndpointGroup["addressType"] {
  const version = isIP(address);
  return version === 0 ? "FQDN" : version === 4 ? "IPv4" : "IPv6";
}
