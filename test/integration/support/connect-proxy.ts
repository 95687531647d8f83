import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import { listeningPort } from "./free-port.ts";

/** A proxy that knows CONNECT and nothing else, with or without TLS: `await using proxy = await ConnectProxy.start();` */
export class ConnectProxy implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Tunnels that were asked for so far. */
  tunnels = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.host = host;
    this.port = listeningPort(server);
    server.on("connection", (socket: Socket) => this.#keep(socket));
    server.on("connect", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.tunnels++;
      this.#tunnel(request.url ?? "", socket, head);
    });
  }

  static async start(
    tls?: { readonly cert: string; readonly key: string },
    { host, port } = { host: "127.0.0.1", port: 0 },
  ): Promise<ConnectProxy> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    server.listen(port, host);
    await once(server, "listening");
    return new ConnectProxy(server, host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #tunnel(authority: string, socket: Socket, head: Buffer): void {
    const at = authority.lastIndexOf(":");
    const upstream = connect(Number(authority.slice(at + 1)), authority.slice(0, at), () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    this.#keep(upstream);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
