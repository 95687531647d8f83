import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { listeningPort } from "../../integration/support/free-port.ts";

export interface StandInOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Where it listens: loopback unless it is named. */
  readonly address?: string;
}

export interface Listening {
  readonly server: Server;
  readonly scheme: "http" | "https";
  readonly address: string;
}

/** A server of a platform's API that goes away, comes back at the same address, and does what is asked for instead of answering. */
export abstract class StandInServer<Asked extends readonly unknown[], Fault> implements AsyncDisposable {
  readonly url: string;
  /** What happens to a request instead; `hang`: no answer ever. */
  fault: (...asked: Asked) => Fault | "hang" | undefined = () => undefined;
  readonly #server: Server;
  readonly #address: string;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();

  protected constructor({ server, scheme, address }: Listening) {
    this.#server = server;
    this.#address = address;
    this.#port = listeningPort(server);
    this.url = `${scheme}://${address}:${this.#port}`;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.handle(request, response).catch(() => response.destroy());
    });
  }

  protected static async listen({ tls, address = "127.0.0.1" }: StandInOptions = {}): Promise<Listening> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    server.listen(0, address);
    await once(server, "listening");
    return { server, scheme: tls === undefined ? "http" : "https", address };
  }

  /** One that throws has its connection cut. */
  protected abstract handle(request: IncomingMessage, response: ServerResponse): Promise<void>;

  /** Nobody listens until {@link up}. */
  async down(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async up(): Promise<void> {
    this.#server.listen(this.#port, this.#address);
    await once(this.#server, "listening");
  }

  /** Takes requests and answers none until {@link recover}. */
  fallSilent(): void {
    this.fault = () => "hang";
  }

  /** Up, and without a fault. */
  async recover(): Promise<void> {
    this.fault = () => undefined;
    if (!this.#server.listening) await this.up();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.down();
  }
}
