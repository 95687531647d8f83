import { isIPv6 } from "node:net";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredEndpoint, DiscoveredService, EndpointGroup } from "./discovered.ts";

/** A machine as what is written at it places it: an endpoint of a service. */
export interface Member {
  readonly scope: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly endpoint: DiscoveredEndpoint;
}

/** Why a machine that was meant to be an endpoint is none. */
export interface Complaint {
  readonly message: string;
  readonly fix: string;
}

/** Sorted by team and name. */
export interface FoundServices {
  readonly services: readonly DiscoveredService[];
  readonly problems: readonly Problem[];
}

/**
 * Machines of one scope as services: those of one team and name are its endpoints, with a port `port-N` for each number that they
 * name. One that cannot be used is a problem, and takes no other with it.
 *
 * @param memberOf undefined for a machine that is nobody's endpoint, which is no mistake
 * @param words what is told of a machine: `server web-1 (i-0)`
 */
export function servicesOfMachines<T extends { readonly id: string }>(
  machines: readonly T[],
  memberOf: (machine: T) => Member | Complaint | undefined,
  words: (machine: T) => string,
): FoundServices {
  const problems: Problem[] = [];
  const members = machines
    .toSorted((a, b) => compareText(a.id, b.id))
    .flatMap((machine): readonly Member[] => {
      const member = memberOf(machine);
      if (member === undefined) return [];
      if (!("message" in member)) return [member];
      const message = `${words(machine)}: ${member.message}`;
      problems.push({ severity: "error", path: "", message, fix: member.fix });
      return [];
    });
  const services = [...Map.groupBy(members, ({ namespace, service }) => `${namespace}/${service}`)]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, alike]) => serviceOf(alike as [Member, ...Member[]]));
  return { services, problems };
}

/** The port that a text names; undefined where it names none. */
export function portOf(text: string | undefined): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? port : undefined;
}

function serviceOf(members: readonly [Member, ...Member[]]): DiscoveredService {
  const [{ scope, service, namespace }] = members;
  const ports = [...Map.groupBy(members, ({ port }) => port)].sort(([a], [b]) => a - b);
  return {
    scope,
    service,
    namespace,
    labels: {},
    annotations: {},
    ports: ports.map(([port]) => ({ name: `port-${port}`, port, protocol: "TCP" })),
    endpoints: ports.flatMap(([port, alike]) => groupsOf(port, alike)),
  };
}

function groupsOf(port: number, members: readonly Member[]): readonly EndpointGroup[] {
  return (["IPv4", "IPv6"] as const).flatMap((addressType) => {
    const endpoints = members
      .flatMap(({ endpoint }) => (isIPv6(endpoint.address) === (addressType === "IPv6") ? [endpoint] : []))
      .sort((a, b) => compareText(a.address, b.address));
    if (endpoints.length === 0) return [];
    return [{ addressType, ports: [{ name: `port-${port}`, protocol: "TCP" as const, port }], endpoints }];
  });
}
