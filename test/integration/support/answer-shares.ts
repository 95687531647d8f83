import { Agent, request } from "node:http";
import { until } from "./until.ts";

export interface AnswerSharesOptions {
  readonly port: number;
  readonly host: string;
  /** Requests in flight at a time, each on a kept connection. */
  readonly connections?: number;
}

/** How many answers had which body; one that is not a 200 counts as its status and body, a broken one as its error. */
export type Answers = Readonly<Record<string, number>>;

/** A count that is under way: it ends with its last answer. */
interface Count {
  readonly found: Record<string, number>;
  left: number;
  readonly done: (found: Answers) => void;
}

/** Requests without a break whose answers are told apart by their bodies: `await using load = new AnswerShares(…)`. */
export class AnswerShares implements AsyncDisposable {
  /** All that was not answered with 200, in words. */
  readonly lost: string[] = [];
  requests = 0;
  readonly #agent: Agent;
  readonly #workers: readonly Promise<void>[];
  #counts: readonly Count[] = [];
  #ended = false;

  constructor({ port, host, connections = 4 }: AnswerSharesOptions) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    const options = { port, host: "127.0.0.1", path: "/", agent: this.#agent, headers: { host } };
    this.#workers = Array.from({ length: connections }, async () => {
      while (!this.#ended) await this.#ask(options);
    });
  }

  /** The next `count` answers to requests that are not sent yet. */
  next(count: number): Promise<Answers> {
    return new Promise((done) => {
      this.#counts = [...this.#counts, { found: {}, left: count, done }];
    });
  }

  /** Waits until a hundred answers have these bodies, each of them, and no other; resolves to how many had which. */
  only(...bodies: readonly string[]): Promise<Answers> {
    const wanted = [...bodies].sort().join();
    return until(() => this.next(100), {
      accept: (found) => Object.keys(found).sort().join() === wanted,
      what: `answers of ${bodies.join(" and ")} alone`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }

  async #ask(options: object): Promise<void> {
    const counts = this.#counts;
    const { isGood, words } = await answer(options);
    this.requests += 1;
    if (!isGood) this.lost.push(words);
    for (const count of counts) {
      if (count.left === 0) continue;
      count.found[words] = (count.found[words] ?? 0) + 1;
      count.left -= 1;
      if (count.left > 0) continue;
      this.#counts = this.#counts.filter((other) => other !== count);
      count.done(count.found);
    }
  }
}

function answer(options: object): Promise<{ readonly isGood: boolean; readonly words: string }> {
  return new Promise((resolve) => {
    const failed = ({ message }: Error) => resolve({ isGood: false, words: message });
    const sent = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("error", failed);
      response.on("end", () => {
        const isGood = response.statusCode === 200;
        resolve({ isGood, words: isGood ? body : `${response.statusCode} ${body.trim()}` });
      });
    });
    sent.on("error", failed);
    sent.end();
  });
}
