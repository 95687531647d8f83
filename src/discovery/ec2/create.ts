import { Slots } from "#lib/slots.ts";
import { cycleTimes } from "../cycles.ts";
import type { InstancesDiscoverer } from "../instances-discoverer.ts";
import { readAuthorities } from "../read-authorities.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import type { InstanceRules } from "../translate-instances.ts";
import { type CredentialSources, DefaultCredentials } from "./client/credentials.ts";
import { Ec2Client, type ObservedRequest } from "./client/ec2-client.ts";
import { HttpPost } from "./client/http-post.ts";
import { ec2Discoverer } from "./discoverer.ts";
import { instanceFilters } from "./filters.ts";

/** As binnacle.yaml has it. Durations are milliseconds. */
export interface Ec2Settings extends CredentialSources, InstanceRules {
  readonly regions: readonly string[];
  readonly endpoint?: string;
  readonly caFile?: string;
  readonly vpcs: readonly string[];
  readonly subnets: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly atOnce: number;
  readonly pageSize: number;
  readonly refuse: RefuseUpstream;
  readonly observe: (request: ObservedRequest) => void;
  readonly parts: AsyncDisposableStack;
}

/** Throws when the file of authorities cannot be read: nothing could be asked without it. */
export async function createEc2Discoverer(settings: Ec2Settings): Promise<InstancesDiscoverer> {
  const { regions, endpoint, caFile, interval, timeout, atOnce, pageSize, refuse, observe, parts } = settings;
  const ca = await readAuthorities(caFile);
  const client = new Ec2Client({
    credentials: new DefaultCredentials(settings),
    http: parts.use(new HttpPost({ timeout, ...ca })),
    slots: new Slots(atOnce),
    pageSize,
    retry: { tries: 5, least: 500, most: 20_000 },
    observe,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return ec2Discoverer({
    client,
    regions,
    filters: instanceFilters(settings),
    rules: settings,
    refuse,
    times: cycleTimes(interval),
  });
}
