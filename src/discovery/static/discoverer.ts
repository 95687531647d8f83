import { setInterval } from "node:timers/promises";
import type { Discoverer, DiscoveryReport } from "../discoverer.ts";
import type { RefuseUpstream } from "../refuse-upstream.ts";
import { type StaticService, translateStatic } from "./translate.ts";

export interface StaticDiscovererOptions {
  readonly services: readonly StaticService[];
  readonly refuse: RefuseUpstream;
  /** How often it is told that all still holds, in milliseconds. */
  readonly inStep?: number;
}

/** Addresses that somebody wrote down: what there is, is known from the start, and changes with a restart. */
export class StaticDiscoverer implements Discoverer {
  readonly platform = "static";
  readonly #options: StaticDiscovererOptions;

  constructor(options: StaticDiscovererOptions) {
    this.#options = options;
  }

  async run(report: DiscoveryReport, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { services, problems } = translateStatic(this.#options.services, this.#options.refuse);
    report.full({ services, unread: [], millis: 0 });
    report.problems(problems);
    try {
      for await (const _ of setInterval(this.#options.inStep ?? 10_000, undefined, { signal })) report.inStep();
    } catch {
      // The signal ends it so.
    }
  }
}
