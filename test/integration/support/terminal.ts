import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "./until.ts";

/** A shell at a pseudo-terminal of 100 by 30, of which `script` (util-linux) has the other end, with a line of it running. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = "";
  #seen = 0;

  /** @param line what sh runs; the terminal ends with it */
  constructor(line: string, env: NodeJS.ProcessEnv = {}) {
    const args = ["--quiet", "--return", "--flush", "--command", `stty cols 100 rows 30; ${line}`, "/dev/null"];
    this.#child = spawn("script", args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, SHELL: "/bin/sh", TERM: "xterm", ...env },
    });
    this.#child.stdout?.on("data", (data: Buffer) => {
      this.#output += data.toString();
      this.#child.emit("shown");
    });
    this.#ended = once(this.#child, "close").then(([code]) => code as number | null);
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits until something appears after what was waited for before; returns what was shown up to its end. */
  async shows(text: string): Promise<string> {
    const end = await until(
      () => {
        const at = this.#output.indexOf(text, this.#seen);
        return at < 0 ? undefined : at + text.length;
      },
      {
        what: `${JSON.stringify(text)} in the terminal`,
        accept: (found) => found !== undefined,
        event: { emitter: this.#child, name: "shown" },
        timeoutMs: 60_000,
      },
    ).catch((cause: unknown) => {
      throw new Error(`the terminal shows ${JSON.stringify(this.#output.slice(this.#seen))}`, { cause });
    });
    const shown = this.#output.slice(this.#seen, end);
    this.#seen = end ?? this.#seen;
    return shown;
  }

  /** The exit code of what ran in it. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The other end of the terminal goes, so what runs in it gets SIGHUP.
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
