import { Agent, request } from "node:http";

/** What became of a load's requests so far. */
export interface LoadCounts {
  readonly ok: number;
  /** Everything that is not a complete answer with status 200, by what it was. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * A bounded, steady load: each of `clients` sends its next request when the last is answered, half of them on a
 * connection that they keep, half on a new one each time. Runs until it is stopped: `await using load = …`.
 */
export class TrafficLoad implements AsyncDisposable {
  readonly #port: number;
  readonly #clients: readonly Promise<void>[];
  readonly #failures: Record<string, number> = {};
  readonly #keep: Agent;
  #ok = 0;
  #running = true;

  constructor(port: number, clients = 6) {
    this.#port = port;
    this.#keep = new Agent({ keepAlive: true });
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index % 2 === 0 ? this.#keep : false));
  }

  get counts(): LoadCounts {
    return { ok: this.#ok, failures: { ...this.#failures } };
  }

  /** Ends it; resolves with the counts when the last request is answered. */
  async stop(): Promise<LoadCounts> {
    this.#running = false;
    await Promise.all(this.#clients);
    this.#keep.destroy();
    return this.counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #client(agent: Agent | false): Promise<void> {
    while (this.#running) {
      const outcome = await this.#once(agent);
      if (outcome === "200") this.#ok += 1;
      else this.#failures[outcome] = (this.#failures[outcome] ?? 0) + 1;
    }
  }

  #once(agent: Agent | false): Promise<string> {
    return new Promise((resolve) => {
      const sent = request(
        { host: "127.0.0.1", port: this.#port, path: "/load", agent, timeout: 30_000 },
        (response) => {
          response.resume();
          response.once("end", () => resolve(String(response.statusCode)));
          response.once("error", (error) => resolve(`in the body: ${error.message}`));
        },
      );
      sent.once("timeout", () => sent.destroy(new Error("no answer in half a minute")));
      sent.once("error", (error: NodeJS.ErrnoException) => {
        // RFC 9112, section 9.3.1: a kept connection may close just when a request goes out, and a client sends that again.
        resolve(sent.reusedSocket && error.code === "ECONNRESET" ? this.#once(false) : (error.code ?? error.message));
      });
      sent.end();
    });
  }
}
