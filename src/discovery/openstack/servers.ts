import { isIPv6 } from "node:net";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import { isDnsLabel } from "#resources/names.ts";
import type { DiscoveredService, EndpointGroup } from "../discovered.ts";
import type { Server } from "./shapes.ts";
import type { TranslatedProject } from "./translate.ts";

export interface ServerRules {
  /** The keys of a server's metadata that name its service, its port and its team. */
  readonly serviceKey: string;
  readonly portKey: string;
  readonly teamKey: string;
  /** Whether a project's servers may name a team that is not the project's own. */
  readonly anyTeam: boolean;
  /** The network whose addresses count; all of them unless given. */
  readonly network?: string;
  readonly addresses: "fixed" | "floating";
}

/** Servers whose metadata name a service: those of one name and port are its endpoints, and ACTIVE ones are ready. */
export function translateServers(
  servers: readonly Server[],
  { projectId, namespace }: { readonly projectId: string; readonly namespace: string },
  rules: ServerRules,
): TranslatedProject {
  const problems: Problem[] = [];
  const groups = new Map<string, { team: string; service: string; ports: Map<number, Server[]> }>();
  for (const server of servers.toSorted((a, b) => compareText(a.id, b.id))) {
    const service = server.metadata[rules.serviceKey];
    if (service === undefined) continue;
    const team = server.metadata[rules.teamKey] ?? namespace;
    const port = Number(server.metadata[rules.portKey]);
    const wrong = whyNot(service, team, port, server, { namespace, rules });
    if (wrong !== undefined) {
      problems.push({
        severity: "error",
        path: "",
        ...wrong,
        message: `server ${server.name} (${server.id}): ${wrong.message}`,
      });
      continue;
    }
    const key = `${team}/${service}`;
    const group = groups.get(key) ?? { team, service, ports: new Map<number, Server[]>() };
    groups.set(key, group);
    group.ports.set(port, [...(group.ports.get(port) ?? []), server]);
  }
  const services = [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, { team, service, ports }]): DiscoveredService => ({
      // Two teams may have a service of one name in the same project.
      scope: team === namespace ? projectId : `${projectId}.${team}`,
      service,
      namespace: team,
      labels: {},
      annotations: {},
      ports: [...ports.keys()]
        .sort((a, b) => a - b)
        .map((port) => ({ name: `port-${port}`, port, protocol: "TCP" as const })),
      endpoints: [...ports].sort(([a], [b]) => a - b).flatMap(([port, members]) => groupsOf(port, members, rules)),
    }));
  return { services, problems };
}

function whyNot(
  service: string,
  team: string,
  port: number,
  server: Server,
  { namespace, rules }: { readonly namespace: string; readonly rules: ServerRules },
): { readonly message: string; readonly fix: string } | undefined {
  if (!isDnsLabel(service))
    return { message: `${rules.serviceKey} is no DNS label: ${service}`, fix: "use letters a-z, digits and '-'" };
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    return { message: `${rules.portKey} is missing or no port`, fix: "set it to a number from 1 to 65535" };
  if (team !== namespace && !rules.anyTeam)
    return {
      message: `${rules.teamKey} names ${team}, and its project belongs to ${namespace}`,
      fix: "remove it, or set servers.anyTeam",
    };
  if (!isDnsLabel(team)) return { message: `${rules.teamKey} is no DNS label: ${team}`, fix: "use a namespace" };
  if (addressesOf(server, rules).length === 0)
    return { message: "it has no such address", fix: "see the settings servers.network and servers.addresses" };
  return undefined;
}

function addressesOf({ addresses }: Server, { network, addresses: kind }: ServerRules): readonly string[] {
  const networks = network === undefined ? Object.keys(addresses).sort() : [network];
  return networks.flatMap((name) =>
    (addresses[name] ?? []).flatMap((entry) => (entry["OS-EXT-IPS:type"] === kind ? [entry.addr] : [])),
  );
}

/** The first address of each server: the others are the same server's. */
function groupsOf(port: number, servers: readonly Server[], rules: ServerRules): readonly EndpointGroup[] {
  const endpoints = servers.map((server) => {
    const ready = server.status === "ACTIVE";
    return { address: addressesOf(server, rules)[0] ?? "", ready, serving: ready, terminating: false };
  });
  return (["IPv4", "IPv6"] as const).flatMap((addressType) => {
    const members = endpoints
      .filter(({ address }) => isIPv6(address) === (addressType === "IPv6"))
      .sort((a, b) => compareText(a.address, b.address));
    if (members.length === 0) return [];
    return [{ addressType, ports: [{ name: `port-${port}`, protocol: "TCP" as const, port }], endpoints: members }];
  });
}
