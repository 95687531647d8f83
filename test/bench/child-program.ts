import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { exactCpuMillis } from "./process-cost.ts";

/** A program that runs as long as a benchmark needs it. Its words go to this process's standard error. */
export class ChildProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
      // Linux shares the CPU between sessions (autogroup in sched(7)): in ours it would be preempted less than the
      // appliance's Envoy, which has a session of its own, and use 10 % less CPU for the same work.
      detached: true,
    });
    this.#ended = once(this.#child, "exit");
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** CPU so far, of the process and of its children, in milliseconds. */
  cpuMillis(): number {
    return [this.pid, ...this.children()].reduce((sum, each) => sum + exactCpuMillis(each), 0);
  }

  /** The processes that it has started: some proxies work in these. */
  children(): readonly number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8");
    return children.split(" ").filter(Boolean).map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }
}
