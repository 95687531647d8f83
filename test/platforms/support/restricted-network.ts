import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BehindCommand } from "./behind.ts";

const execute = promisify(execFile);

interface Answer {
  readonly id: number;
  readonly error?: string;
}

/**
 * A network that nothing here has a route to: one link leads to its gateways' address, and only what runs there reaches the
 * rest. Wants the network namespace in which test:platforms runs, because it adds an interface.
 */
export class RestrictedNetwork implements AsyncDisposable {
  /** Where gateways listen; this side of the link is 10.89.0.1. */
  readonly gateway = "10.89.0.2";
  /** Of what is behind them. */
  readonly network = "10.99.0.0/16";
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #last = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", ({ id, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve();
      else waiting?.reject(new Error(error));
    });
  }

  static async start(): Promise<RestrictedNetwork> {
    if (process.env["BINNACLE_POD_NETWORK"] === undefined)
      throw new Error('this test makes an interface: run it by "npm run test:platforms", in a network namespace');
    const program = [process.execPath, join(import.meta.dirname, "behind.ts")];
    const child = spawn("unshare", ["-n", ...program], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    await once(child, "message");
    const restricted = new RestrictedNetwork(child);
    const link = `gw${child.pid}`;
    const ip = (...args: readonly string[]) => execute("ip", [...args]);
    await ip("link", "add", link, "type", "veth", "peer", "name", "gw", "netns", String(child.pid));
    await ip("addr", "add", "10.89.0.1/30", "dev", link);
    await ip("link", "set", link, "up");
    const { gateway, network } = restricted;
    await restricted.do({ type: "link", name: "gw", address: `${gateway}/30`, network });
    return restricted;
  }

  /** Rejects with what went wrong there. */
  do(command: BehindCommand): Promise<void> {
    const id = ++this.#last;
    const done = Promise.withResolvers<void>();
    this.#waiting.set(id, done);
    this.#child.send({ id, command });
    return done.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
