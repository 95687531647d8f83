import { trustedPeer } from "./handshake.ts";
import type { Tally } from "./steady-load.ts";
import { until } from "./until.ts";

export interface HandshakeLoadOptions {
  readonly port: number;
  readonly servername: string;
  /** PEM of who has to have signed the certificates. */
  readonly ca: string;
  /** Handshakes at a time. */
  readonly connections?: number;
}

/**
 * Handshakes without a break, each on a connection of its own, until it is ended: `await using load = new HandshakeLoad(…)`.
 * It counts the serial numbers of the certificates that it was shown, and what it got instead of one.
 */
export class HandshakeLoad implements AsyncDisposable {
  readonly #tally = new Map<string, number>();
  readonly #workers: readonly Promise<void>[];
  #ended = false;

  constructor({ port, servername, ca, connections = 2 }: HandshakeLoadOptions) {
    const one = (): Promise<string> =>
      trustedPeer(port, servername, ca).then(
        ({ serialNumber }) => serialNumber,
        (error: unknown) => `none: ${String(error)}`,
      );
    this.#workers = Array.from({ length: connections }, async () => {
      while (!this.#ended) {
        const what = await one();
        this.#tally.set(what, (this.#tally.get(what) ?? 0) + 1);
      }
    });
  }

  /** Resolves when so many more have been made. */
  async more(count: number): Promise<void> {
    const wanted = this.#count() + count;
    await until(() => this.#count(), { accept: (now) => now >= wanted, what: "handshakes" });
  }

  /** Ends the load and says what came of it. */
  async end(): Promise<Tally> {
    await this[Symbol.asyncDispose]();
    return Object.fromEntries(this.#tally);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#workers);
  }

  #count(): number {
    return [...this.#tally.values()].reduce((sum, count) => sum + count, 0);
  }
}
