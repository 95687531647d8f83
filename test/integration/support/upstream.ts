import { EventEmitter, once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Server, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { listeningPort } from "./free-port.ts";

/** One request as the upstream received it. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly httpVersion: string;
}

/** What the upstream does with a request: an answer, or `close` to drop the connection without one. */
export type UpstreamAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
      readonly body?: string;
    }
  | "close";

/** Slow: await something before answering. Failing: a status of 500, or `close`. */
export type Responder = (request: UpstreamRequest) => UpstreamAnswer | Promise<UpstreamAnswer>;

export interface UpstreamOptions {
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** `h2c` is HTTP/2 without TLS and with prior knowledge, as gRPC upstreams speak it. */
  readonly protocol?: "http1" | "h2c";
  readonly respond?: Responder;
}

/** A small HTTP upstream that records what it is asked: `await using upstream = await Upstream.start();` */
export class Upstream implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** In order of arrival. A request is here before it is answered. */
  readonly requests: UpstreamRequest[] = [];
  /** Emits `request` with each {@link UpstreamRequest}. */
  readonly events = new EventEmitter<{ request: [UpstreamRequest] }>();
  /** May be replaced while running. */
  respond: Responder;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, host: string, sockets: Set<Socket>, respond: Responder) {
    this.#server = server;
    this.#sockets = sockets;
    this.host = host;
    this.port = listeningPort(server);
    this.respond = respond;
  }

  static async start(options: UpstreamOptions = {}): Promise<Upstream> {
    const { host = "127.0.0.1", port = 0, protocol = "http1", respond = () => ({ body: "ok\n" }) } = options;
    // Node ends what is idle for five seconds, and whoever sends just then loses its request: no fault that a test is about.
    const server: Server = protocol === "h2c" ? createHttp2Server() : createServer({ keepAliveTimeout: 0 });
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    server.listen(port, host);
    await once(server, "listening");
    const upstream = new Upstream(server, host, sockets, respond);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      // A client that goes away in the middle is the test's own doing.
      upstream.#handle(request, response).catch(() => request.socket.destroy());
    });
    return upstream;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const { method = "", url = "", headers, httpVersion } = incoming;
    const request: UpstreamRequest = { method, path: url, headers, httpVersion, body };
    this.requests.push(request);
    this.events.emit("request", request);
    const answer = await this.respond(request);
    if (answer === "close") {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(answer.status ?? 200, { "content-type": "text/plain", ...answer.headers });
    response.end(answer.body ?? "");
  }

  /** Stops listening and cuts every connection, as a killed upstream does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
