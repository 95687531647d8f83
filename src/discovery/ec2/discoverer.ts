import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import { errorMessage } from "#lib/error-message.ts";
import { pause } from "#lib/pause.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveredService } from "../discovered.ts";
import type { Discoverer, DiscoveryFailure, DiscoveryReport, FailureKind } from "../discoverer.ts";
import { type RefuseUpstream, withoutRefused } from "../refuse-upstream.ts";
import type { Ec2Client, Parameters } from "./client/ec2-client.ts";
import { Ec2Error } from "./client/ec2-error.ts";
import { type InstanceRules, translateInstances, type TranslatedRegion } from "./translate.ts";

export interface Ec2DiscovererOptions {
  readonly client: Pick<Ec2Client, "instances">;
  /** At least one, each once. */
  readonly regions: readonly string[];
  readonly filters: Parameters;
  readonly rules: InstanceRules;
  readonly refuse: RefuseUpstream;
  readonly times: {
    /** Between the end of a cycle and the begin of the next, in milliseconds. */
    readonly interval: number;
    readonly retry: BackoffLimits;
  };
}

interface Cycle {
  readonly services: readonly DiscoveredService[];
  readonly unread: readonly string[];
  readonly problems: readonly Problem[];
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

  async run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    const { interval, retry } = this.#options.times;
    const backoff = new Backoff(retry);
    while (!signal.aborted) {
      const began = performance.now();
      try {
        const { problems, ...set } = await this.#cycle(signal);
        if (signal.aborted) return;
        backoff.reset();
        report.full({ ...set, millis: performance.now() - began });
        report.problems(problems);
        await pause(interval, signal);
      } catch (error) {
        if (signal.aborted) return;
        report.failed(failureOf(error));
        await pause(backoff.next(), signal);
      }
    }
  }

  async #cycle(signal: AbortSignal): Promise<Cycle> {
    const { regions } = this.#options;
    const read = await Promise.allSettled(regions.map((region) => this.#readRegion(region, signal)));
    signal.throwIfAborted();
    const failures = read.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (failures.length === read.length) throw failures[0];
    return {
      services: read.flatMap((result) => (result.status === "fulfilled" ? result.value.services : [])),
      unread: regions.filter((_, index) => read[index]?.status === "rejected"),
      problems: read.flatMap((result, index) =>
        result.status === "fulfilled" ? result.value.problems : unreadRegion(regions[index] ?? "", result.reason),
      ),
    };
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

function unreadRegion(region: string, error: unknown): readonly Problem[] {
  const { message, fix } = failureOf(error);
  const words = `region ${region} cannot be read, so what was known of it goes on: ${message}`;
  return [{ severity: "error", path: "", message: words, ...(fix === undefined ? {} : { fix }) }];
}

function failureOf(error: unknown): DiscoveryFailure {
  const kind = error instanceof Ec2Error ? error.kind : "invalid";
  const fix = FIXES[kind];
  return { kind, message: errorMessage(error), ...(fix === undefined ? {} : { fix }) };
}

const FIXES: Partial<Record<FailureKind, string>> = {
  unreachable: "see whether EC2's API can be reached from here, and whether there is such a region",
  timeout: "see whether EC2's API answers, or raise ec2.timeout",
  credentials: "give valid credentials by environment, file, profile or instance profile",
  forbidden: "allow the action ec2:DescribeInstances",
  throttled: "raise ec2.interval, or ask Amazon for a higher limit",
};
