import { type CycleTimes, cycleTimes } from "../cycles.ts";
import { InstancesDiscoverer } from "../instances-discoverer.ts";
import { Cloud, type CloudObject } from "../openstack/client/cloud.ts";
import { Keystone } from "../openstack/client/keystone.ts";
import { Transport } from "../openstack/client/transport.ts";
import type { ObservedRequest } from "../pkgcloud/requests.ts";
import { type Fixes, PlatformError } from "../platform-error.ts";
import { readAuthorities } from "../read-authorities.ts";
import { readSecret } from "../read-secret.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import type { InstanceRules } from "../translate-instances.ts";
import { readServers } from "./read-servers.ts";

/** As binnacle.yaml has it. Durations are milliseconds. */
export interface RackspaceSettings extends InstanceRules {
  readonly identityUrl: string;
  readonly username: string;
  readonly apiKeyFile: string;
  readonly regions: readonly string[];
  readonly caFile?: string;
  readonly interval: number;
  readonly timeout: number;
  readonly refuse: RefuseUpstream;
  readonly observe: (request: ObservedRequest) => void;
  readonly parts: AsyncDisposableStack;
}

/** Throws when the file of authorities cannot be read: nothing could be asked without it. */
export async function createRackspaceDiscoverer(settings: RackspaceSettings): Promise<InstancesDiscoverer> {
  const { identityUrl, username, apiKeyFile, regions, caFile, interval, timeout, refuse, observe, parts } = settings;
  const ca = await readAuthorities(caFile);
  const transport = new Transport({ timeout, observe, ...ca });
  const keystone = parts.use(
    new Keystone({
      // Asked for its versions it answers in another form than Keystone does, and API keys are of this one.
      authUrl: `${identityUrl.replace(/(\/v2\.0)?\/*$/, "")}/v2.0`,
      credentials: async () => ({ type: "apiKey", username, apiKey: await readSecret(apiKeyFile) }),
      transport,
      now: Date.now,
    }),
  );
  return rackspaceDiscoverer({
    regions,
    servers: (region, signal) =>
      serversOf(new Cloud({ keystone, transport, interface: "public", region, atOnce: 1 }), signal),
    rules: settings,
    refuse,
    times: cycleTimes(interval),
  });
}

/** Every server of a region, of the account that the user belongs to. Throws PlatformError. */
export async function serversOf(cloud: Cloud, signal: AbortSignal): Promise<readonly CloudObject[]> {
  const [account] = await cloud.projects(signal);
  if (account === undefined) throw new PlatformError("the user belongs to no account", { kind: "forbidden" });
  return await cloud.list(account, { what: "servers" }, signal);
}

export interface RackspaceDiscovererOptions {
  /** At least one, each once. */
  readonly regions: readonly string[];
  /** Every server of a region. Throws PlatformError. */
  readonly servers: (region: string, signal: AbortSignal) => Promise<readonly CloudObject[]>;
  readonly rules: InstanceRules;
  readonly refuse: RefuseUpstream;
  readonly times: CycleTimes;
}

/** Rackspace as a platform: each of its regions is listed by itself. */
export function rackspaceDiscoverer({ regions, servers, ...rest }: RackspaceDiscovererOptions): InstancesDiscoverer {
  return new InstancesDiscoverer({
    ...rest,
    platform: "rackspace",
    terms: { instance: "server", tag: "metadata", settings: "rackspace" },
    fixes: FIXES,
    listings: regions.map((region) => ({
      place: { scope: region, suffix: regions.length > 1 ? `-${region.toLowerCase()}` : "", words: ` in ${region}` },
      words: `region ${region}`,
      list: async (signal) => readServers(await servers(region, signal), region),
    })),
  });
}

const FIXES: Fixes = {
  unreachable: "see whether Rackspace's API can be reached from here",
  timeout: "see whether Rackspace's API answers, or raise rackspace.timeout",
  credentials: "write the user's valid API key into its file; it is taken without a restart",
  forbidden: "give the user the role nova:observer",
  throttled: "raise rackspace.interval",
};
