import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { debianProgram } from "../../setup/debian-program.mjs";

export interface RatedLoad {
  readonly port: number;
  readonly host: string;
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second on each connection. */
  readonly rate: number;
}

/** Debian's h2load: HTTP/1.1 requests at a rate of their own, however fast they are answered. */
export class SteadyRate {
  readonly #command: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(command: string, env: Readonly<Record<string, string>>) {
    this.#command = command;
    this.#env = env;
  }

  static async find(): Promise<SteadyRate> {
    const found = await debianProgram("nghttp2-client", "usr/bin/h2load");
    if (found.reason !== undefined) throw new Error(`no load generator: ${found.reason}`);
    return new SteadyRate(found.command, found.env);
  }

  /** Returns how many requests were answered. Throws when one was not, or with no success. */
  async run({ port, host, seconds, connections, rate }: RatedLoad): Promise<number> {
    const args = ["--h1", "--threads=1", `--clients=${connections}`, `--rps=${rate}`, `--duration=${seconds}`];
    const child = spawn(this.#command, [...args, `--connect-to=127.0.0.1:${port}`, `http://${host}/`], {
      env: { ...process.env, ...this.#env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const report = await text(child.stdout);
    const [, done = Number.NaN, good] =
      /(\d+) done, (\d+) succeeded, 0 failed, 0 errored, 0 timeout$/m.exec(report)?.map(Number) ?? [];
    if (!(done > 0) || done !== good) throw new Error(`requests were lost under load:\n${report}`);
    return done;
  }
}
