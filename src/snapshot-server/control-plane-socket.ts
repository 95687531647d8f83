import { EventEmitter, once } from "node:events";
import { chmodSync, renameSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import type { StandByGreeting } from "./stand-by.ts";

const greeting = z.object({ pid: z.int().positive(), build: z.string(), refusal: z.string().exactOptional() });
/** A greeting is one short line; what sends more is no snapshot server. */
const GREETING_BYTES = 4_096;

/** The control plane's end of what tells a snapshot server that it lives. */
export class ControlPlaneSocket implements AsyncDisposable {
  /** `greeted` when a snapshot server has found us, `gone` when the last one is away. */
  readonly events = new EventEmitter<{ greeted: [StandByGreeting]; gone: [] }>();
  readonly #server: Server;
  readonly #sockets = new Map<Socket, StandByGreeting | undefined>();

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async listen(path: string): Promise<ControlPlaneSocket> {
    const own = new ControlPlaneSocket();
    // Under its name there is never a socket that does not listen yet: who waits for it is told of it only once.
    const fresh = `${path}.new`;
    rmSync(fresh, { force: true });
    own.#server.listen(fresh);
    await once(own.#server, "listening");
    chmodSync(fresh, 0o600);
    renameSync(fresh, path);
    return own;
  }

  /** The snapshot server that stands by, if one does. */
  get standBy(): StandByGreeting | undefined {
    return [...this.#sockets.values()].find((known) => known !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.set(socket, undefined);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      if (this.#sockets.get(socket) !== undefined) return;
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) this.#greet(socket, text.slice(0, end));
      else if (text.length > GREETING_BYTES) socket.destroy();
    });
    // Whatever ended it, `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (this.standBy === undefined) this.events.emit("gone");
    });
  }

  #greet(socket: Socket, line: string): void {
    let known: StandByGreeting;
    try {
      known = greeting.parse(JSON.parse(line));
    } catch {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, known);
    this.events.emit("greeted", known);
  }
}
