import type { CycleTimes } from "../cycles.ts";
import { InstancesDiscoverer } from "../instances-discoverer.ts";
import type { Fixes } from "../platform-error.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import type { InstanceRules } from "../translate-instances.ts";
import type { Ec2Client, Parameters } from "./client/ec2-client.ts";

export interface Ec2DiscovererOptions {
  readonly client: Pick<Ec2Client, "instances">;
  /** At least one, each once. */
  readonly regions: readonly string[];
  readonly filters: Parameters;
  readonly rules: InstanceRules;
  readonly refuse: RefuseUpstream;
  readonly times: CycleTimes;
}

/** EC2 as a platform: each of its regions is listed by itself. */
export function ec2Discoverer({ client, regions, filters, ...rest }: Ec2DiscovererOptions): InstancesDiscoverer {
  return new InstancesDiscoverer({
    ...rest,
    platform: "ec2",
    terms: { instance: "instance", tag: "tag", settings: "ec2" },
    fixes: FIXES,
    listings: regions.map((region) => ({
      place: { scope: region, suffix: regions.length > 1 ? `-${region}` : "", words: ` in ${region}` },
      words: `region ${region}`,
      list: async (signal) => ({ instances: await client.instances(region, filters, signal), problems: [] }),
    })),
  });
}

const FIXES: Fixes = {
  unreachable: "see whether EC2's API can be reached from here, and whether there is such a region",
  timeout: "see whether EC2's API answers, or raise ec2.timeout",
  credentials: "give valid credentials by environment, file, profile or instance profile",
  forbidden: "allow the action ec2:DescribeInstances",
  throttled: "raise ec2.interval, or ask Amazon for a higher limit",
};
