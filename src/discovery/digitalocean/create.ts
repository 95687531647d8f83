import { type CycleTimes, cycleTimes } from "../cycles.ts";
import { InstancesDiscoverer } from "../instances-discoverer.ts";
import { type ObservedRequest, Requests } from "../pkgcloud/requests.ts";
import type { Fixes } from "../platform-error.ts";
import { readAuthorities } from "../read-authorities.ts";
import { readSecret } from "../read-secret.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import type { InstanceRules } from "../translate-instances.ts";
import { DropletsClient } from "./droplets-client.ts";
import { readDroplets } from "./read-droplets.ts";

/** As binnacle.yaml has it. Durations are milliseconds. */
export interface DigitalOceanSettings extends InstanceRules {
  readonly tokenFile: string;
  readonly endpoint: string;
  readonly caFile?: string;
  readonly interval: number;
  readonly timeout: number;
  readonly pageSize: number;
  readonly tag?: string;
  readonly refuse: RefuseUpstream;
  readonly observe: (request: ObservedRequest) => void;
}

/** Throws when the file of authorities cannot be read: nothing could be asked without it. */
export async function createDigitalOceanDiscoverer(settings: DigitalOceanSettings): Promise<InstancesDiscoverer> {
  const { tokenFile, endpoint, caFile, interval, timeout, pageSize, tag, refuse, observe } = settings;
  const ca = await readAuthorities(caFile);
  const client = new DropletsClient({
    endpoint: endpoint.replace(/\/+$/, ""),
    token: () => readSecret(tokenFile),
    requests: new Requests({ timeout, observe, ...ca }),
    pageSize,
    ...(tag === undefined ? {} : { tag }),
  });
  return digitalOceanDiscoverer({ client, rules: settings, refuse, times: cycleTimes(interval) });
}

export interface DigitalOceanDiscovererOptions {
  readonly client: Pick<DropletsClient, "list">;
  readonly rules: InstanceRules;
  readonly refuse: RefuseUpstream;
  readonly times: CycleTimes;
}

/** DigitalOcean as a platform: a token's account has one list, of all regions. */
export function digitalOceanDiscoverer({ client, ...rest }: DigitalOceanDiscovererOptions): InstancesDiscoverer {
  const { serviceKey, portKey, teamKey } = rest.rules;
  return new InstancesDiscoverer({
    ...rest,
    platform: "digitalocean",
    terms: { instance: "droplet", tag: "tag", settings: "digitalocean" },
    fixes: FIXES,
    listings: [
      {
        place: { scope: "account", suffix: "", words: "" },
        words: "the account",
        list: async (signal) => readDroplets(await client.list(signal), [serviceKey, portKey, teamKey]),
      },
    ],
  });
}

const FIXES: Fixes = {
  unreachable: "see whether DigitalOcean's API can be reached from here",
  timeout: "see whether DigitalOcean's API answers, or raise digitalocean.timeout",
  credentials: "write a valid token into its file; it is taken without a restart",
  forbidden: "give the token the scopes droplet:read and tag:read",
  throttled: "raise digitalocean.interval, or use a token that nobody else uses",
};
