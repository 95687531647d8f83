import { isDnsLabel } from "#resources/names.ts";
import {
  type Complaint,
  type FoundServices,
  type Member,
  portOf,
  servicesOfMachines,
} from "../services-of-machines.ts";
import type { Server } from "./shapes.ts";

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

export interface ServerOwner {
  readonly projectId: string;
  /** The team that the project belongs to here. */
  readonly namespace: string;
}

/** Servers whose metadata name a service: those of one name and port are its endpoints, and ACTIVE ones are ready. */
export function translateServers(servers: readonly Server[], owner: ServerOwner, rules: ServerRules): FoundServices {
  return servicesOfMachines(
    servers,
    (server) => memberOf(server, owner, rules),
    ({ name, id }) => `server ${name} (${id})`,
  );
}

function memberOf(
  server: Server,
  { projectId, namespace }: ServerOwner,
  rules: ServerRules,
): Member | Complaint | undefined {
  const service = server.metadata[rules.serviceKey];
  if (service === undefined) return undefined;
  if (!isDnsLabel(service))
    return { message: `${rules.serviceKey} is no DNS label: ${service}`, fix: "use letters a-z, digits and '-'" };
  const port = portOf(server.metadata[rules.portKey]);
  if (port === undefined)
    return { message: `${rules.portKey} is missing or no port`, fix: "set it to a number from 1 to 65535" };
  const team = server.metadata[rules.teamKey] ?? namespace;
  if (team !== namespace && !rules.anyTeam)
    return {
      message: `${rules.teamKey} names ${team}, and its project belongs to ${namespace}`,
      fix: "remove it, or set servers.anyTeam",
    };
  if (!isDnsLabel(team)) return { message: `${rules.teamKey} is no DNS label: ${team}`, fix: "use a namespace" };
  // The first address of each server: the others are the same server's.
  const [address] = addressesOf(server, rules);
  if (address === undefined)
    return { message: "it has no such address", fix: "see the settings servers.network and servers.addresses" };
  const ready = server.status === "ACTIVE";
  const endpoint = { address, ready, serving: ready, terminating: false };
  // Two teams may have a service of one name in the same project.
  const scope = team === namespace ? projectId : `${projectId}.${team}`;
  return { scope, namespace: team, service, port, endpoint };
}

function addressesOf({ addresses }: Server, { network, addresses: kind }: ServerRules): readonly string[] {
  const networks = network === undefined ? Object.keys(addresses).sort() : [network];
  return networks.flatMap((name) =>
    (addresses[name] ?? []).flatMap((entry) => (entry["OS-EXT-IPS:type"] === kind ? [entry.addr] : [])),
  );
}
