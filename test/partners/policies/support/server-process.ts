import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { until } from "../../../integration/support/until.ts";

export interface ServerCommand {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens on 127.0.0.1 once it can be asked. */
  readonly port: number;
}

/** A server by others, which can be killed and started again: `await using server = await ServerProcess.start({ … });` */
export class ServerProcess implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;

  private constructor(command: ServerCommand) {
    this.port = command.port;
    this.#command = command;
  }

  static async start(command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    await server.run();
    return server;
  }

  /** Starts it again at the same place. Throws with what it said when it ends instead of listening. */
  async run(): Promise<void> {
    const { command, args = [], env = {}, port } = this.#command;
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (log += data.toString()));
    const failed = once(child, "exit").then(() => true);
    const ended = new AbortController();
    void failed.then(() => ended.abort());
    await until(() => listens(port), { what: `${command} to listen`, signal: ended.signal }).catch(
      async (error: unknown) => {
        await this.kill();
        throw new Error(`${String(error)}\n${log}`);
      },
    );
  }

  /** Nobody listens any more. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } finally {
    socket.destroy();
  }
}
