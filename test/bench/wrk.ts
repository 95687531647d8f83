import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { debianProgram } from "../../setup/debian-program.mjs";

/** What one run of the load generator did. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Answers that were no success, and connections that failed. */
  readonly lost: number;
}

export interface Load {
  readonly port: number;
  readonly host: string;
  readonly seconds: number;
  readonly connections: number;
}

/** Debian's wrk: one thread, a fixed number of kept connections on this machine, each asks again when it is answered. */
export class Wrk {
  readonly #command: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(command: string, env: Readonly<Record<string, string>>) {
    this.#command = command;
    this.#env = env;
  }

  static async find(): Promise<Wrk> {
    const found = await debianProgram("wrk", "usr/bin/wrk");
    if (found.reason !== undefined) throw new Error(`no load generator: ${found.reason}`);
    return new Wrk(found.command, found.env);
  }

  async run({ port, host, seconds, connections }: Load): Promise<LoadResult> {
    const options = ["--threads", "1", "--connections", `${connections}`, "--duration", `${seconds}s`, "--latency"];
    const child = spawn(this.#command, [...options, "--header", `Host: ${host}`, `http://127.0.0.1:${port}/`], {
      env: { ...process.env, ...this.#env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    return readReport(await text(child.stdout));
  }
}

/** wrk's report, as it prints it for a person. */
export function readReport(report: string): LoadResult {
  const requests = Number(/^\s*(\d+) requests in /m.exec(report)?.[1]);
  const perSecond = Number(/^Requests\/sec:\s+([\d.]+)/m.exec(report)?.[1]);
  const [, amount, unit = ""] = /^\s*99%\s+([\d.]+)(us|ms|s)\s*$/m.exec(report) ?? [];
  const p99 = Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (Number.isNaN(requests + perSecond + p99)) throw new Error(`wrk said what cannot be read:\n${report}`);
  const wrong = /^\s*(?:Non-2xx or 3xx responses|Socket errors): .*$/gm;
  const lost = [...report.matchAll(wrong)].flatMap(([line]) => line.match(/\b\d+\b(?!xx)/g) ?? []);
  return { requests, perSecond, p99, lost: lost.reduce((sum, count) => sum + Number(count), 0) };
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };
