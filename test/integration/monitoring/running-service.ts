import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { MonitoringService } from "#monitoring/services.ts";
import { writeServiceFiles } from "#monitoring/write-service-files.ts";
import { until } from "../support/until.ts";

/** A monitoring program as its service describes it, running and ready until it is disposed of. */
export class RunningService implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #output: string[];

  private constructor(child: ChildProcess, output: string[]) {
    this.#child = child;
    this.#output = output;
  }

  static async start(service: MonitoringService): Promise<RunningService> {
    await writeServiceFiles(service);
    const { command, args, env, cwd } = service;
    const child = spawn(command, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(String(chunk)));
    const running = new RunningService(child, output);
    const failed = once(child, "exit").then(() =>
      Promise.reject(new Error(`${service.name} ended:\n${running.output}`)),
    );
    const headers = service.readyAuthorization === undefined ? {} : { authorization: service.readyAuthorization };
    const ready = until(async () => (await fetch(service.ready, { headers })).ok, {
      what: `${service.name} to be ready`,
      timeoutMs: 120_000,
    });
    try {
      await Promise.race([ready, failed]);
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
    // From here on its end is the test's own doing.
    failed.catch(() => {});
    return running;
  }

  /** What it printed so far. */
  get output(): string {
    return this.#output.join("");
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }
}
