import { NameFollower, type NameFollowerOptions } from "#dns/name-follower.ts";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { LastAnswers } from "./last-answers.ts";

export interface WantedNamesOptions extends Pick<NameFollowerOptions, "resolve" | "times"> {
  readonly controlPlane: Pick<ControlPlane, "listen" | "resolved">;
  /** What names were before this start. Disposed of with this. */
  readonly last: LastAnswers;
  readonly log: Logger;
}

/** How long Envoy waits for DNS at a start, in milliseconds. */
const LONGEST_WAIT = 5_000;

/**
 * The names that objects have for endpoints: asked for here instead of by Envoy, so that each address is looked at before Envoy
 * has it (an answer may point at this machine), is seen, and stays while DNS is away, also over a restart of Envoy or ours.
 */
export class WantedNames implements AsyncDisposable {
  readonly #options: WantedNamesOptions;
  readonly #follower: NameFollower;
  #wanted: ReadonlySet<string> = new Set();
  readonly #failing = new Set<string>();
  readonly #unlisten: () => void;

  constructor(options: WantedNamesOptions) {
    this.#options = options;
    const { controlPlane, resolve, times } = options;
    this.#follower = new NameFollower({
      resolve,
      times,
      onAnswer: (host, addresses) => this.#answered(host, [...new Set(addresses)].sort(compareText)),
      onFailure: (host, error) => this.#failed(host, errorMessage(error)),
    });
    this.#unlisten = controlPlane.listen({ wanted: (names) => this.#want(names) });
  }

  /** Resolves when all names that are wanted now have been answered or have failed, or when that takes too long. */
  async settled(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LONGEST_WAIT);
    await Promise.race([this.#follower.settled(), late]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    await this.#follower[Symbol.asyncDispose]();
    this.#options.last[Symbol.dispose]();
  }

  #want(names: ReadonlySet<string>): void {
    const { controlPlane, last } = this.#options;
    for (const host of this.#failing) if (!names.has(host)) this.#failing.delete(host);
    const before = this.#wanted;
    this.#wanted = names;
    for (const host of names) {
      if (before.has(host)) continue;
      const addresses = last.get(host);
      // Before DNS answers, and should it not: what it said last.
      if (addresses !== undefined) controlPlane.resolved(host, { addresses });
    }
    this.#follower.want(names);
  }

  #answered(host: string, addresses: readonly string[]): void {
    const { controlPlane, last, log } = this.#options;
    if (this.#failing.delete(host)) log.info("a name is answered again", { host });
    last.set(host, addresses);
    controlPlane.resolved(host, { addresses });
  }

  #failed(host: string, failure: string): void {
    const { controlPlane, last, log } = this.#options;
    if (!this.#failing.has(host)) log.warn("a name cannot be resolved", { host, failure });
    this.#failing.add(host);
    controlPlane.resolved(host, { addresses: last.get(host), failure });
  }
}
