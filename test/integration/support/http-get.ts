import { type IncomingHttpHeaders, type IncomingMessage, request as http1 } from "node:http";
import { connect as http2 } from "node:http2";
import { request as https1, type RequestOptions } from "node:https";
import { connect as tcp } from "node:net";
import { text } from "node:stream/consumers";
import { connect as tls, type ConnectionOptions } from "node:tls";

/** Where to connect, apart from what the request says it wants: that is what a proxy's tests are about. */
export type Destination = { readonly port: number; readonly address?: string } | { readonly socketPath: string };

export interface HttpTls {
  /** The name in the handshake (SNI). */
  readonly servername: string;
  /** PEM of who may have signed the server's certificate; without it any certificate is taken. */
  readonly ca?: string;
  /** PEM of a client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpOptions {
  readonly method?: string;
  /** The Host header or `:authority`; `localhost` if not given. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: HttpTls;
  /** `h2` needs no upgrade: with TLS it is negotiated by ALPN, without it is prior knowledge (h2c). */
  readonly protocol?: "http1" | "h2";
  readonly signal?: AbortSignal;
  /** Bound of the whole exchange. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly httpVersion: string;
}

/** One request on a connection of its own. Rejects when there is no complete answer. */
export async function httpGet(to: Destination, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const bound = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const signal = options.signal === undefined ? bound : AbortSignal.any([bound, options.signal]);
  return options.protocol === "h2" ? overHttp2(to, path, options, signal) : overHttp1(to, path, options, signal);
}

async function overHttp1(
  to: Destination,
  path: string,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { method = "GET", host = "localhost", headers, body, tls: secure } = options;
  const common = { ...place(to), method, path, headers: { host, ...headers }, agent: false as const, signal };
  const withTls = (own: HttpTls): RequestOptions => ({ ...common, ...tlsOptions(own) });
  const request = secure === undefined ? http1(common) : https1(withTls(secure));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve).once("error", reject).end(body);
  });
  const { statusCode = 0, headers: answered, httpVersion } = response;
  return { status: statusCode, headers: answered, body: await text(response), httpVersion };
}

async function overHttp2(
  to: Destination,
  path: string,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { method = "GET", host = "localhost", headers, body, tls: secure } = options;
  const session = http2(`${secure === undefined ? "http" : "https"}://${host}`, {
    createConnection: () =>
      secure === undefined ? tcp(place(to)) : tls({ ...place(to), ...tlsOptions(secure), ALPNProtocols: ["h2"] }),
  });
  try {
    const stream = session.request({ ":method": method, ":path": path, ":authority": host, ...headers }, { signal });
    const answered = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      session.on("error", reject);
      // A peer may leave without an error, for example when it takes no such client certificate.
      session.once("close", () => reject(new Error("the connection was closed without an answer")));
      stream.once("response", resolve).once("error", reject).end(body);
    });
    const rest = Object.entries(answered).filter(([name]) => !name.startsWith(":"));
    return {
      status: Number(answered[":status"]),
      headers: Object.fromEntries(rest),
      body: await text(stream),
      httpVersion: "2.0",
    };
  } finally {
    session.destroy();
  }
}

function place(to: Destination): { host: string; port: number } | { path: string; socketPath: string } {
  if ("socketPath" in to) return { path: to.socketPath, socketPath: to.socketPath };
  return { host: to.address ?? "127.0.0.1", port: to.port };
}

function tlsOptions({ servername, ca, cert, key }: HttpTls): ConnectionOptions {
  return {
    servername,
    rejectUnauthorized: ca !== undefined,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
