import { Agent, get } from "node:http";
import { setTimeout } from "node:timers/promises";

/** Asks one address again and again over one kept connection: as little work beside what is measured as can be. */
export class Poller implements Disposable {
  readonly #port: number;
  readonly #path: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number, path = "/") {
    this.#port = port;
    this.#path = path;
  }

  /** Resolves when `host` answers 200. `interval` and `patience` are milliseconds; rejects when patience is at its end. */
  async untilAnswered(host: string, interval: number, patience = 60_000): Promise<void> {
    const end = performance.now() + patience;
    while (!(await this.#answers(host))) {
      if (performance.now() > end) throw new Error(`${host} did not answer 200 within ${patience} ms`);
      await setTimeout(interval);
    }
  }

  #answers(host: string): Promise<boolean> {
    return new Promise((resolve) => {
      const request = get({ port: this.#port, path: this.#path, agent: this.#agent, headers: { host } }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode === 200));
      });
      // Nobody listens yet.
      request.once("error", () => resolve(false));
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
