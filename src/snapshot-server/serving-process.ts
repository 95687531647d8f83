import { type ChildProcess, spawn } from "node:child_process";
import { lstatSync, renameSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the process that serves the archive says to the one that stands by. */
export type ServingReport = { readonly type: "ready" } | { readonly type: "refused"; readonly reason: string };

export interface ServingOptions {
  readonly archive: string;
  readonly ownSocket: string;
  readonly xdsSocket: string;
  readonly onReport: (report: ServingReport) => void;
  /** It has ended; `reason` tells how, when it was not asked to. */
  readonly onEnd: (reason: string | undefined) => void;
}

const SCRIPT = fileURLToPath(new URL("serve.ts", import.meta.url));
const GRACE_MS = 2_000;

/**
 * The process that serves the archive. It is one of its own because what it takes (gRPC, the messages, the whole
 * configuration) is given back to the machine only by its end.
 */
export class ServingProcess {
  readonly #options: ServingOptions;
  readonly #child: ChildProcess;
  readonly #ended = Promise.withResolvers<void>();
  #isStopping = false;
  /** Of the socket, once it is in place. A server that takes the path over makes another. */
  #inode: bigint | undefined;

  constructor(options: ServingOptions) {
    this.#options = options;
    const { archive, ownSocket } = options;
    this.#child = spawn(process.execPath, [SCRIPT, archive, ownSocket], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message: ServingReport) => options.onReport(message));
    this.#child.once("error", (error) => this.#end(`could not be started: ${error.message}`));
    this.#child.once("exit", (code, signal) =>
      this.#end(signal === null ? `exited with code ${code}` : `was ended by ${signal}`),
    );
  }

  /** Moves its socket to where Envoy looks for one. */
  place(): void {
    const { ownSocket, xdsSocket } = this.#options;
    const { ino } = lstatSync(ownSocket, { bigint: true });
    renameSync(ownSocket, xdsSocket);
    this.#inode = ino;
  }

  /** Whether an Envoy that connects now comes here. */
  get isInPlace(): boolean {
    if (this.#inode === undefined) return false;
    return lstatSync(this.#options.xdsSocket, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** Ends it, its streams first. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    await this.#ended.promise;
    clearTimeout(kill);
  }

  #end(reason: string): void {
    this.#ended.resolve();
    this.#options.onEnd(this.#isStopping ? undefined : reason);
  }
}
