import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { CapturedOutput } from "./captured-output.ts";
import { CHILD_MARK, type ChildRecord, killDescendants, removeChildRecord, writeChildRecord } from "./child-record.ts";
import { identify, sendSignal } from "./process-identity.ts";

export interface SpawnSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** One run of a child: from its spawn to its end, in a process group of its own and on record while it lasts. */
export class SpawnedChild {
  readonly pid: number;
  /** Resolves when it has ended, with how: "exited with code 1". */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #record: ChildRecord;
  readonly #recordFile: string;
  readonly #output: CapturedOutput;

  private constructor(child: ChildProcess, record: ChildRecord, recordFile: string, output: CapturedOutput) {
    this.#process = child;
    this.#record = record;
    this.#recordFile = recordFile;
    this.#output = output;
    this.pid = record.pid;
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
      });
    });
  }

  /** Throws what spawn(2) says, for example that there is no such program. */
  static async spawn(name: string, spec: SpawnSpec, recordFile: string, logger: Logger): Promise<SpawnedChild> {
    const mark = `${name}-${randomUUID()}`;
    const child = spawn(spec.command, spec.args, {
      env: { ...spec.env, [CHILD_MARK]: mark },
      cwd: spec.cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.pid === undefined) {
      const [cause]: unknown[] = await once(child, "error");
      throw new Error(`${name} cannot be started: ${errorMessage(cause)}`, { cause });
    }
    // From here on: a signal that could not be sent, which its end makes up for.
    child.on("error", () => {});
    const identity = identify(child.pid) ?? { pid: child.pid, startTicks: 0, bootId: "" };
    const record = { ...identity, mark };
    keepRecord(recordFile, record, logger);
    const output = new CapturedOutput(logger);
    output.follow(child.stdout);
    output.follow(child.stderr);
    return new SpawnedChild(child, record, recordFile, output);
  }

  /** Whether it was there to be sent to. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#isRunning() && sendSignal(this.pid, signal);
  }

  /** Ends it if it runs, and whatever it started and left behind: SIGTERM, then SIGKILL after `graceMs`. */
  async end(graceMs: number): Promise<void> {
    if (this.#isRunning()) {
      this.signal("SIGTERM");
      const kill = setTimeout(() => this.signal("SIGKILL"), graceMs);
      await this.ended;
      clearTimeout(kill);
    }
    await killDescendants(this.#record);
    removeChildRecord(this.#recordFile);
  }

  /** Its last lines of output, for an error. What is still in the pipe is waited for, though not for long. */
  async lastWords(): Promise<string> {
    if (this.#process.stderr?.closed !== true) await Promise.race([once(this.#process, "close"), delay(200)]);
    const lines = this.#output.lastLines.slice(-5);
    return lines.length === 0 ? "" : `; it said last:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  }

  #isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }
}

/**
 * At once and without a pause after the spawn, so that no crash of ours leaves a child that nobody knows of. On a full disk
 * it runs without a record: what watches the disk is among those that are started here.
 */
function keepRecord(file: string, record: ChildRecord, logger: Logger): void {
  try {
    writeChildRecord(file, record);
  } catch (error) {
    logger.error(`${file} cannot be written: should we be killed, the next start does not end this process`, {
      pid: record.pid,
      error: errorMessage(error),
    });
  }
}
