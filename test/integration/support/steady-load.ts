import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What came of the requests of a load: how many answers of which kind. */
export type Tally = Readonly<Record<string, number>>;

/** Counts what comes of requests. */
export class Tallying {
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  get requests(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get tally(): Tally {
    return Object.fromEntries(this.#counts);
  }
}

export interface SteadyLoadOptions {
  readonly port: number;
  /** 127.0.0.1 if not given. */
  readonly address?: string;
  readonly host: string;
  readonly path?: string;
  /** Requests in flight at a time, each on a kept connection. */
  readonly connections?: number;
  /** Milliseconds between two requests of a connection, for a load that goes on for long; none unless given. */
  readonly pause?: number;
}

/** Requests without a break, until it is ended: `await using load = new SteadyLoad(…)`. */
export class SteadyLoad implements AsyncDisposable {
  readonly #answers = new Tallying();
  readonly #agent: Agent;
  readonly #workers: readonly Promise<void>[];
  #ended = false;

  constructor({ port, address = "127.0.0.1", host, path = "/", connections = 3, pause }: SteadyLoadOptions) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    const options = { port, host: address, path, agent: this.#agent, headers: { host } };
    this.#workers = Array.from({ length: connections }, async () => {
      while (!this.#ended) {
        this.#answers.count(await answer(options));
        if (pause !== undefined) await delay(pause);
      }
    });
  }

  get requests(): number {
    return this.#answers.requests;
  }

  /** Ends the load and says what came of it. */
  async end(): Promise<Tally> {
    await this[Symbol.asyncDispose]();
    return this.#answers.tally;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }
}

function answer(options: object): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve(response.statusCode === 200 ? "200" : `${response.statusCode} ${body.trim()}`));
      response.on("error", (error) => resolve(error.message));
    });
    sent.on("error", (error) => resolve(error.message));
    sent.end();
  });
}
