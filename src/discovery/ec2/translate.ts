import { isIP } from "node:net";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import { isDnsLabel } from "#resources/names.ts";
import type { DiscoveredEndpoint, DiscoveredService, EndpointGroup } from "../discovered.ts";
import type { Instance } from "./shapes.ts";

export interface InstanceRules {
  /** The keys of the tags that name an instance's service, its port and its team. */
  readonly serviceKey: string;
  readonly portKey: string;
  readonly teamKey: string;
  /** Whose instances without the team's tag are. */
  readonly team?: string;
  readonly addresses: "private" | "public" | "ipv6";
  /** The namespace here of a team as the tag names it; undefined for one that is not followed. */
  readonly teamOf: (team: string) => string | undefined;
}

export interface TranslatedRegion {
  /** Sorted by scope and name. */
  readonly services: readonly DiscoveredService[];
  readonly problems: readonly Problem[];
}

interface Member {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly endpoint: DiscoveredEndpoint;
}

/**
 * Instances whose tags name a service: those of one team and name are its endpoints, and running ones are ready.
 *
 * @param suffix what names of services end with, so that those of several regions differ
 */
export function translateInstances(
  instances: readonly Instance[],
  { region, suffix }: { readonly region: string; readonly suffix: string },
  rules: InstanceRules,
): TranslatedRegion {
  const problems: Problem[] = [];
  const members = instances
    .toSorted((a, b) => compareText(a.id, b.id))
    .flatMap((instance): readonly Member[] => {
      const member = memberOf(instance, suffix, rules);
      if (member === undefined) return [];
      if (!("message" in member)) return [member];
      const name = instance.tags["Name"];
      const what = `instance ${name === undefined ? "" : `${name} `}${instance.id} in ${region}`;
      problems.push({ severity: "error", path: "", message: `${what}: ${member.message}`, fix: member.fix });
      return [];
    });
  const services = [...Map.groupBy(members, ({ namespace, service }) => `${namespace}/${service}`)]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, alike]): DiscoveredService => {
      const [{ namespace, service }] = alike as [Member];
      const ports = [...Map.groupBy(alike, ({ port }) => port)].sort(([a], [b]) => a - b);
      return {
        // Two teams may have a service of one name in the same region.
        scope: `${region}.${namespace}`,
        service,
        namespace,
        labels: {},
        annotations: {},
        ports: ports.map(([port]) => ({ name: `port-${port}`, port, protocol: "TCP" })),
        endpoints: ports.flatMap(([port, group]) => groupsOf(port, group)),
      };
    });
  return { services, problems };
}

type Complaint = { readonly message: string; readonly fix: string };

/** Undefined for an instance that is nobody's endpoint, which is no mistake. */
function memberOf(instance: Instance, suffix: string, rules: InstanceRules): Member | Complaint | undefined {
  const { tags, state, zone } = instance;
  const { serviceKey, portKey, teamKey } = rules;
  const plain = tags[serviceKey];
  if (plain === undefined || state === "terminated") return undefined;
  const service = `${plain}${suffix}`;
  if (!isDnsLabel(plain) || !isDnsLabel(service))
    return { message: `${serviceKey} is no DNS label: ${service}`, fix: "use letters a-z, digits and '-', at most 63" };
  const team = tags[teamKey] ?? rules.team;
  if (team === undefined) return { message: `it has no tag ${teamKey}`, fix: "add it, or set ec2.team" };
  if (!isDnsLabel(team)) return { message: `${teamKey} is no DNS label: ${team}`, fix: "use a namespace" };
  const namespace = rules.teamOf(team);
  if (namespace === undefined) return undefined;
  const port = Number(tags[portKey]);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    return { message: `${portKey} is missing or no port`, fix: "set it to a number from 1 to 65535" };
  const address = instance[rules.addresses];
  if (address === undefined || isIP(address) === 0) {
    // One that starts may not have it yet, and one that stops no longer.
    if (state !== "running") return undefined;
    return { message: `it has no ${rules.addresses} address`, fix: "give it one, or set ec2.addresses" };
  }
  const conditions = conditionsOf(state);
  return { namespace, service, port, endpoint: { address, ...conditions, ...(zone === undefined ? {} : { zone }) } };
}

/** One that goes down may still answer: it is asked when nobody else can be. */
function conditionsOf(state: string): Pick<DiscoveredEndpoint, "ready" | "serving" | "terminating"> {
  const ready = state === "running";
  const terminating = state === "shutting-down" || state === "stopping";
  return { ready, serving: ready || terminating, terminating };
}

function groupsOf(port: number, members: readonly Member[]): readonly EndpointGroup[] {
  return (["IPv4", "IPv6"] as const).flatMap((addressType) => {
    const endpoints = members
      .flatMap(({ endpoint }) => (isIP(endpoint.address) === (addressType === "IPv6" ? 6 : 4) ? [endpoint] : []))
      .sort((a, b) => compareText(a.address, b.address));
    if (endpoints.length === 0) return [];
    return [{ addressType, ports: [{ name: `port-${port}`, protocol: "TCP" as const, port }], endpoints }];
  });
}
