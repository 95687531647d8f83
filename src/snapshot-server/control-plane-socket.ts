import { EventEmitter, once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import type { Logger } from "#lib/log.ts";
import { PlacedSocket } from "#lib/placed-socket.ts";
import type { StandByGreeting, StandByOrder } from "./stand-by.ts";

const greeting = z.object({ pid: z.int().positive(), build: z.string(), refusal: z.string().exactOptional() });
/** A greeting is one short line; what sends more is no snapshot server. */
const GREETING_BYTES = 4_096;

/** The control plane's end of what tells a snapshot server that it lives. */
export class ControlPlaneSocket implements AsyncDisposable {
  /** `greeted` when a snapshot server has found us, `gone` when the last one is away. */
  readonly events = new EventEmitter<{ greeted: [StandByGreeting]; gone: [] }>();
  #server: Server | undefined;
  #place: PlacedSocket | undefined;
  #order: StandByOrder = "rest";
  readonly #sockets = new Map<Socket, StandByGreeting | undefined>();

  private constructor() {}

  static async listen(path: string, log: Logger): Promise<ControlPlaneSocket> {
    const own = new ControlPlaneSocket();
    own.#place = await PlacedSocket.place({ path, listen: (at) => own.#listen(at), log });
    return own;
  }

  /** The snapshot server that stands by, if one does. */
  get standBy(): StandByGreeting | undefined {
    return [...this.#sockets.values()].find((known) => known !== undefined);
  }

  /** What a snapshot server is to do while we are there: those that stand by, and those that come. */
  set order(order: StandByOrder) {
    if (order === this.#order) return;
    this.#order = order;
    for (const [socket, known] of this.#sockets) if (known !== undefined) socket.write(`${order}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#place?.[Symbol.asyncDispose]();
    const closed = this.#server === undefined ? undefined : once(this.#server, "close");
    this.#server?.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  async #listen(path: string): Promise<void> {
    // Who is connected stays so.
    this.#server?.close();
    this.#server = createServer((socket) => this.#accept(socket)).listen(path);
    await once(this.#server, "listening");
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
    socket.write(`${this.#order}\n`);
    this.events.emit("greeted", known);
  }
}
