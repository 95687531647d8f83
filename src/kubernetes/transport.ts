import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { errorMessage } from "#lib/error-message.ts";
import type { Credentials } from "./credentials.ts";
import { KubeError } from "./kube-error.ts";

export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query below the server's own. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  /** For messages: `list services`. */
  readonly call: string;
  readonly credentials: Credentials;
  /** Ends the request and the reading of its answer. Its reason is what then is thrown. */
  readonly signal: AbortSignal;
}

/** How many calls may be under way at once; more wait for a connection. Watches count apart, and have no bound. */
const MOST_SOCKETS = 32;

/** Milliseconds of silence on a connection after which the kernel asks whether the other side is still there. */
const KEEP_ALIVE = 15_000;

/** An answer larger than this is no answer of an API server: a page of 500 objects of 1.5 MB at most is far below in practice. */
const LARGEST_ANSWER = 256 * 1024 * 1024;

type Agents = Readonly<Record<"call" | "watch", http.Agent>>;

/** Requests over kept connections; new credentials get new ones. */
export class Transport implements Disposable {
  readonly #userAgent: string;
  #agents: { readonly key: string; readonly agents: Agents } | undefined;

  constructor(userAgent: string) {
    this.#userAgent = userAgent;
  }

  /** The answer's head; its body is the caller's to read. Throws {@link KubeError}, or the signal's reason. */
  async send(request: TransportRequest, lane: "call" | "watch"): Promise<IncomingMessage> {
    const { method, path, body, contentType, credentials, signal } = request;
    const { server, headers } = credentials;
    signal.throwIfAborted();
    const agent = this.#agentsFor(credentials)[lane];
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options: https.RequestOptions = {
      agent,
      method,
      hostname: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port,
      path: `${server.pathname.replace(/\/$/, "")}${path}`,
      headers: {
        accept: "application/json",
        "user-agent": this.#userAgent,
        ...(body === undefined
          ? {}
          : { "content-type": contentType ?? "application/json", "content-length": Buffer.byteLength(body) }),
        ...Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
        ),
      },
      signal,
    };
    const sent = begin(server.protocol === "http:" ? http : https, options, request.call);
    sent.on("response", resolve);
    sent.on("error", (error) => reject(signal.aborted ? signal.reason : unreachableServer(request, error)));
    sent.end(body);
    try {
      return await promise;
    } catch (error) {
      // The server closed a kept connection just when it was used again: asked on a new one, that is no failure.
      if (sent.reusedSocket && method === "GET" && !signal.aborted) return await this.send(request, lane);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const agent of Object.values(this.#agents?.agents ?? {})) agent.destroy();
  }

  #agentsFor({ server, tls }: Credentials): Agents {
    const key = JSON.stringify([server.origin, tls]);
    if (this.#agents?.key === key) return this.#agents.agents;
    const before = Object.values(this.#agents?.agents ?? {});
    const make = (maxSockets: number): http.Agent => {
      const common = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE, maxSockets, scheduling: "lifo" as const };
      return server.protocol === "http:"
        ? new http.Agent(common)
        : new https.Agent({ ...common, ...tls, minVersion: "TLSv1.2" });
    };
    this.#agents = { key, agents: { call: make(MOST_SOCKETS), watch: make(Infinity) } };
    for (const agent of before) retire(agent);
    return this.#agents.agents;
  }
}

/**
 * A pair of which one half is new and the other old, or a token with what no header may hold, is refused before anything is sent.
 * Node's words tell of no value.
 */
function begin(protocol: Pick<typeof https, "request">, options: https.RequestOptions, call: string) {
  try {
    return protocol.request(options);
  } catch (cause) {
    const message = `${call}: the credentials cannot be used: ${errorMessage(cause)}`;
    throw new KubeError(message, { code: 0, reason: "Credentials", cause });
  }
}

/** What is under way on it ends in its own time; nothing is kept for later. */
function retire(agent: http.Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** The whole body as text. Throws {@link KubeError}, or the signal's reason. */
export async function readBody(
  answer: IncomingMessage,
  { call, signal, ...request }: TransportRequest,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_ANSWER)
        throw new KubeError(`${call}: the answer is too large`, { code: 0, reason: "Malformed" });
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof KubeError ? error : unreachableServer({ call, signal, ...request }, error);
  }
  return Buffer.concat(chunks).toString();
}

export function unreachableServer({ call, credentials }: TransportRequest, cause: unknown): KubeError {
  const message = `${call}: no answer from ${credentials.server.host}: ${errorMessage(cause)}`;
  return new KubeError(message, { code: 0, reason: "Unreachable", cause });
}
