import { EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request, type Server } from "node:https";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { certificateAuthority } from "../../integration/support/certificate.ts";
import { listeningPort } from "../../integration/support/free-port.ts";
import { ApiClient } from "./api-client.ts";
import { kubeconfig } from "./kubeconfig.ts";

/** One call of Kubernetes' API. */
export interface ApiCall {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  /** What the API server answered, once it has. */
  status?: number | undefined;
}

/**
 * What happens to a call instead of the API server's answer: a status with Kubernetes' Status as its body, a connection that
 * breaks, no answer for ever; or the API server's answer, later.
 */
export type Fault =
  | { readonly status: number; readonly reason?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly delayMs: number }
  | "break"
  | "hang";

interface OpenWatch {
  readonly call: ApiCall;
  readonly answer: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Stands between a client and an API server, for faults that a real one can't be made to show when a test wants them. Clients
 * reach it by its {@link kubeconfig} and prove who they are by a token: their certificates would end here.
 */
export class FaultyProxy implements AsyncDisposable {
  readonly url: string;
  /** The certificate that clients of the proxy trust, PEM. */
  readonly authority: string;
  /** All calls in order of arrival, those with a fault too. */
  readonly calls: ApiCall[] = [];
  /** Emits `call` with each {@link ApiCall}, and `watch` when the API server has begun to answer one. */
  readonly events = new EventEmitter<{ call: [ApiCall]; watch: [ApiCall] }>();
  /** Asked for each call; may be replaced at any time. */
  fault: (call: ApiCall) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #port: number;
  readonly #upstream: { readonly url: string; readonly agent: Agent };
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<OpenWatch>();
  readonly #stop = new AbortController();

  private constructor(server: Server, authority: string, api: { readonly url: string; readonly authority: string }) {
    this.#server = server;
    this.#port = listeningPort(server);
    this.url = `https://127.0.0.1:${this.#port}`;
    this.authority = authority;
    this.#upstream = { url: api.url, agent: new Agent({ keepAlive: true, ca: api.authority }) };
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("request", (incoming: IncomingMessage, response: ServerResponse) => {
      // An API server that breaks off breaks off its client, too.
      this.#handle(incoming, response).catch(() => response.destroy());
    });
  }

  /** `api` is a {@link KubeBox}, or another proxy. */
  static async start(api: { readonly url: string; readonly authority: string }): Promise<FaultyProxy> {
    const authority = certificateAuthority("faulty proxy");
    const server = createServer(authority.issue(["127.0.0.1"])).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultyProxy(server, authority.cert, api);
  }

  kubeconfig(token: string): string {
    return kubeconfig({ url: this.url, authority: this.authority, token });
  }

  client(token: string): ApiClient {
    return new ApiClient({ url: this.url, authority: this.authority, token });
  }

  /** Breaks the connections of the open watches. */
  cutWatches(which: (call: ApiCall) => boolean = () => true): void {
    for (const { response } of this.#openWatches(which)) response.destroy();
  }

  /** Ends the open watches in good order, as an API server does after some minutes. */
  endWatches(which: (call: ApiCall) => boolean = () => true): void {
    for (const watch of this.#openWatches(which)) this.#silence(watch).end();
  }

  /** Ends the open watches with an ERROR event, as an API server does with 410 when it has forgotten the events. */
  failWatches(code: number, reason: string, which: (call: ApiCall) => boolean = () => true): void {
    const event = { type: "ERROR", object: statusOf(code, reason) };
    for (const watch of this.#openWatches(which)) this.#silence(watch).end(`${JSON.stringify(event)}\n`);
  }

  /** From now on the open watches hear nothing more, and are told nothing of it. */
  muteWatches(which: (call: ApiCall) => boolean = () => true): void {
    for (const watch of this.#openWatches(which)) this.#silence(watch);
  }

  get openWatches(): readonly ApiCall[] {
    return [...this.#watches].map(({ call }) => call);
  }

  /** Every connection breaks, and none is taken: the API server seems to be away, for this proxy's clients alone. */
  async down(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Ends {@link down}, at the same address. */
  async up(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#server.listening) await this.down();
    this.#upstream.agent.destroy();
  }

  /** What the API server says from now on is not handed on. */
  #silence(watch: OpenWatch): ServerResponse {
    this.#watches.delete(watch);
    watch.answer.unpipe(watch.response).resume();
    return watch.response;
  }

  #openWatches(which: (call: ApiCall) => boolean): readonly OpenWatch[] {
    return [...this.#watches].filter(({ call }) => which(call));
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url ?? "/", this.url);
    const isWatch = ["1", "true"].includes(searchParams.get("watch") ?? "");
    const call: ApiCall = { method: incoming.method ?? "", path: pathname, query: searchParams, isWatch };
    this.calls.push(call);
    this.events.emit("call", call);
    const fault = this.fault(call);
    if (fault === "hang") return;
    if (fault === "break") {
      incoming.socket.destroy();
    } else if (fault !== undefined && "status" in fault) {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(JSON.stringify(statusOf(fault.status, fault.reason ?? "")));
    } else {
      // What was sent is on its way: it arrives also when its sender no longer waits for it.
      const body = fault === undefined ? incoming : Readable.from([await buffer(incoming)]);
      if (fault !== undefined) await delay(fault.delayMs, undefined, { signal: this.#stop.signal });
      await this.#forward(call, incoming, body, response);
    }
  }

  async #forward(call: ApiCall, incoming: IncomingMessage, body: Readable, response: ServerResponse): Promise<void> {
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? "/", this.#upstream.url), {
      method,
      headers: { ...headers, host: new URL(this.#upstream.url).host },
      agent: this.#upstream.agent,
    });
    // A client that goes away takes its call along.
    response.once("close", () => onward.destroy());
    onward.on("error", () => response.destroy());
    body.pipe(onward);
    const [answer] = (await once(onward, "response")) as [IncomingMessage];
    call.status = answer.statusCode;
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (call.isWatch && answer.statusCode === 200) {
      const watch = { call, answer, response };
      this.#watches.add(watch);
      response.once("close", () => this.#watches.delete(watch));
      response.flushHeaders();
      this.events.emit("watch", call);
    }
    answer.once("error", () => response.destroy());
    answer.pipe(response);
  }
}

/** The body of an answer that is none: what Kubernetes' API says in such a case. */
function statusOf(code: number, reason: string) {
  const message = `a fault that the test asked for (${code})`;
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
}
