import { isIP } from "node:net";
import { isDnsLabel } from "#resources/names.ts";
import type { DiscoveredEndpoint } from "./discovered.ts";
import type { Instance } from "./instance.ts";
import { type Complaint, type FoundServices, type Member, portOf, servicesOfMachines } from "./services-of-machines.ts";

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

/** Where instances stand. */
export interface InstancePlace {
  /** Of which each team has a part; without a dot. */
  readonly scope: string;
  /** What names of services end with, so that those of several places differ. */
  readonly suffix: string;
  /** What is told of it after an instance's id: ` in eu-west-1`. */
  readonly words: string;
}

/** What a platform calls things, for what is told of them. */
export interface InstanceTerms {
  /** `instance`, `droplet`, `server`. */
  readonly instance: string;
  /** `tag`, `metadata`. */
  readonly tag: string;
  /** Where its settings stand in an entry of `backends`. */
  readonly settings: string;
}

/** Instances whose tags name a service: those of one team and name are its endpoints, and running ones are ready. */
export function translateInstances(
  instances: readonly Instance[],
  place: InstancePlace,
  rules: InstanceRules,
  terms: InstanceTerms,
): FoundServices {
  return servicesOfMachines(
    instances,
    (instance) => memberOf(instance, place, rules, terms),
    ({ id, name }) => `${terms.instance} ${name === undefined ? "" : `${name} `}${id}${place.words}`,
  );
}

/** Undefined for an instance that is nobody's endpoint, which is no mistake. */
function memberOf(
  instance: Instance,
  { scope, suffix }: InstancePlace,
  rules: InstanceRules,
  terms: InstanceTerms,
): Member | Complaint | undefined {
  const { tags, state, zone } = instance;
  const { serviceKey, portKey, teamKey } = rules;
  const plain = tags[serviceKey];
  if (plain === undefined || state === "gone") return undefined;
  const service = `${plain}${suffix}`;
  if (!isDnsLabel(plain) || !isDnsLabel(service))
    return { message: `${serviceKey} is no DNS label: ${service}`, fix: "use letters a-z, digits and '-', at most 63" };
  const team = tags[teamKey] ?? rules.team;
  if (team === undefined)
    return { message: `it has no ${terms.tag} ${teamKey}`, fix: `add it, or set ${terms.settings}.team` };
  if (!isDnsLabel(team)) return { message: `${teamKey} is no DNS label: ${team}`, fix: "use a namespace" };
  const namespace = rules.teamOf(team);
  if (namespace === undefined) return undefined;
  const port = portOf(tags[portKey]);
  if (port === undefined)
    return { message: `${portKey} is missing or no port`, fix: "set it to a number from 1 to 65535" };
  const address = instance[rules.addresses];
  if (address === undefined || isIP(address) === 0) {
    // One that starts may not have it yet, and one that stops no longer.
    if (state !== "running") return undefined;
    return { message: `it has no ${rules.addresses} address`, fix: `give it one, or set ${terms.settings}.addresses` };
  }
  const endpoint = { address, ...conditionsOf(state), ...(zone === undefined ? {} : { zone }) };
  // Two teams may have a service of one name in the same place.
  return { scope: `${scope}.${namespace}`, namespace, service, port, endpoint };
}

/** One that goes down may still answer: it is asked when nobody else can be. */
function conditionsOf(state: Instance["state"]): Pick<DiscoveredEndpoint, "ready" | "serving" | "terminating"> {
  const ready = state === "running";
  const terminating = state === "ending";
  return { ready, serving: ready || terminating, terminating };
}
