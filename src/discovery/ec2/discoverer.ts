import { type Cycle, type CycleTimes, readScopes, runCycles } from "../cycles.ts";
import type { Discoverer, DiscoveryReport } from "../discoverer.ts";
import type { Fixes } from "../platform-error.ts";
import { type RefuseUpstream, withoutRefused } from "../refuse-upstream.ts";
import type { Ec2Client, Parameters } from "./client/ec2-client.ts";
import { type InstanceRules, translateInstances, type TranslatedRegion } from "./translate.ts";

export interface Ec2DiscovererOptions {
  readonly client: Pick<Ec2Client, "instances">;
  /** At least one, each once. */
  readonly regions: readonly string[];
  readonly filters: Parameters;
  readonly rules: InstanceRules;
  readonly refuse: RefuseUpstream;
  readonly times: CycleTimes;
}

/**
 * EC2 as a platform: all tagged instances of its regions in each cycle. A region that cannot be read keeps what it had, and is
 * that region's problem; when none can be, the platform has failed.
 */
export class Ec2Discoverer implements Discoverer {
  readonly platform = "ec2";
  readonly #options: Ec2DiscovererOptions;

  constructor(options: Ec2DiscovererOptions) {
    this.#options = options;
  }

  run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    return runCycles((ended) => this.#cycle(ended), this.#options.times, FIXES, report, signal);
  }

  #cycle(signal: AbortSignal): Promise<Cycle> {
    const scopes = this.#options.regions.map((region) => ({
      id: region,
      words: `region ${region}`,
      read: () => this.#readRegion(region, signal),
    }));
    return readScopes(scopes, FIXES, signal);
  }

  async #readRegion(region: string, signal: AbortSignal): Promise<TranslatedRegion> {
    const { client, regions, filters, rules, refuse } = this.#options;
    const suffix = regions.length > 1 ? `-${region}` : "";
    const { services, problems } = translateInstances(
      await client.instances(region, filters, signal),
      { region, suffix },
      rules,
    );
    const allowed = services.map((service) => withoutRefused(service, refuse));
    return {
      services: allowed.map(({ service }) => service),
      problems: [...problems, ...allowed.flatMap((one) => one.problems)],
    };
  }
}

const FIXES: Fixes = {
  unreachable: "see whether EC2's API can be reached from here, and whether there is such a region",
  timeout: "see whether EC2's API answers, or raise ec2.timeout",
  credentials: "give valid credentials by environment, file, profile or instance profile",
  forbidden: "allow the action ec2:DescribeInstances",
  throttled: "raise ec2.interval, or ask Amazon for a higher limit",
};
