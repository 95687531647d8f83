import { followAnswer, type RefreshTimes } from "./follow-answer.ts";
import type { ResolvedHost } from "./resolve-host.ts";

export interface NameFollowerOptions {
  /** Throws where there is no answer. */
  readonly resolve: (host: string, signal: AbortSignal) => Promise<ResolvedHost>;
  readonly times: RefreshTimes;
  readonly onAnswer: (host: string, addresses: readonly string[]) => void;
  readonly onFailure: (host: string, error: unknown) => void;
}

interface Followed {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  /** Resolves with the first answer or failure, or at the end. */
  readonly settled: Promise<void>;
}

/** Keeps the answers of those names current that somebody wants, for as long as they are wanted. */
export class NameFollower implements AsyncDisposable {
  readonly #options: NameFollowerOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: NameFollowerOptions) {
    this.#options = options;
  }

  /** These names and no others. */
  want(hosts: ReadonlySet<string>): void {
    for (const [host, { stop }] of this.#followed) {
      if (hosts.has(host)) continue;
      stop.abort();
      this.#followed.delete(host);
    }
    for (const host of hosts) if (!this.#followed.has(host)) this.#followed.set(host, this.#follow(host));
  }

  /** Resolves once each of the names that are wanted now has been answered or has failed. */
  async settled(): Promise<void> {
    await Promise.all([...this.#followed.values()].map(({ settled }) => settled));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#followed.values()];
    this.want(new Set());
    await Promise.all(running.map(({ ended }) => ended));
  }

  #follow(host: string): Followed {
    const { resolve, times, onAnswer, onFailure } = this.#options;
    const stop = new AbortController();
    const first = Promise.withResolvers<void>();
    const ended = followAnswer(
      {
        ask: (signal) => resolve(host, signal),
        onAnswer: ({ addresses }) => {
          onAnswer(host, addresses);
          first.resolve();
        },
        onFailure: (error) => {
          onFailure(host, error);
          first.resolve();
        },
      },
      times,
      stop.signal,
    ).finally(first.resolve);
    return { stop, ended, settled: first.promise };
  }
}
