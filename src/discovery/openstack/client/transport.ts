import type { IncomingHttpHeaders } from "node:http";
import network from "pkgcloud/lib/pkgcloud/openstack/network/index.js";
import { errorMessage } from "#lib/error-message.ts";
import { retryAfter } from "#lib/retry-after.ts";
import { isMap } from "#lib/schema-rules.ts";
import { PlatformError } from "../../platform-error.ts";
import { kindOfStatus } from "./error-kind.ts";

export interface TransportOptions {
  /** PEM of who may have signed the servers' certificates; the machine's own authorities unless given. */
  readonly ca?: string;
  /** Milliseconds for an answer to be whole. */
  readonly timeout: number;
  /** Told of each request that was sent. */
  readonly observe?: (request: ObservedRequest) => void;
}

export interface ObservedRequest {
  readonly verb: "get" | "create";
  /** The last word of the path that is no id: `loadbalancers`, `members`, `tokens`. */
  readonly resource: string;
  /** 0: no answer. */
  readonly code: number;
  readonly seconds: number;
}

export interface CloudRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body?: unknown;
  /** Undefined: nobody is asked for yet who is asking. */
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
}

export interface CloudAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/**
 * Requests by pkgcloud, mended: an answer has to be whole in time, ends with the signal and comes from the server that was asked
 * (a token follows no redirect); certificates may have an authority of their own; every failure is a {@link PlatformError} in
 * the server's own words, where pkgcloud calls each 403 "Resize not allowed".
 */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** 2xx and 300 are answers. */
  async send(request: CloudRequest): Promise<CloudAnswer> {
    const began = performance.now();
    const observe = (code: number): void =>
      this.#options.observe?.({
        verb: request.method === "GET" ? "get" : "create",
        resource: resourceOf(request.url),
        code,
        seconds: (performance.now() - began) / 1000,
      });
    try {
      const answer = await this.#exchange(request);
      observe(answer.status);
      return answer;
    } catch (error) {
      if (!request.signal.aborted) observe(error instanceof PlatformError ? error.status : 0);
      throw error;
    }
  }

  async #exchange({ method, url, body, token, signal }: CloudRequest): Promise<CloudAnswer> {
    signal.throwIfAborted();
    const { timeout, ca } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<CloudAnswer>();
    const where = `${method} ${url.replace(/\?.*/, "")}`;
    const client = network.createClient({ authUrl: url, identity: given(token) });
    client.before.push((request) => {
      request["timeout"] = timeout;
      request["followRedirect"] = false;
      if (ca !== undefined) request["ca"] = ca;
      if (token === undefined) delete request.headers["x-auth-token"];
    });
    const sent = client._request(
      { method, uri: url, ...(body === undefined ? {} : { body }) },
      (error, parsed, response) => {
        const failure = failureOf(where, error, parsed, response);
        if (failure !== undefined) reject(failure);
        else resolve({ status: response?.statusCode ?? 0, headers: response?.headers ?? {}, body: parsed });
      },
    );
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(
      () => reject(new PlatformError(`${where}: no whole answer within ${timeout} ms`, { kind: "timeout" })),
      timeout,
    );
    try {
      return await promise;
    } catch (error) {
      sent.abort();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

/** pkgcloud's identity, with a token that it need not ask for. */
function given(token: string | undefined): new () => object {
  return class {
    readonly token = { id: token ?? "none", expires: new Date(8.64e15) };
    on(): void {}
    authorize(done: () => void): void {
      done();
    }
    getServiceEndpointUrl(): string {
      // Every request has its whole URL.
      return "none";
    }
  };
}

function failureOf(
  where: string,
  error: unknown,
  body: unknown,
  { statusCode: status = 0, headers = {} }: Partial<Head> = {},
): PlatformError | undefined {
  if (isMap(error) && typeof error["statusCode"] === "number") {
    const told = isMap(error["headers"]) ? error["headers"] : {};
    return answered(where, { statusCode: error["statusCode"], headers: told }, error["result"]);
  }
  if (error !== null && error !== undefined) {
    const { code } = error as { readonly code?: unknown };
    const kind = code === "ETIMEDOUT" || code === "ESOCKETTIMEDOUT" ? "timeout" : "unreachable";
    const words =
      kind === "timeout"
        ? "no answer in time"
        : `cannot be reached (${typeof code === "string" ? code : errorMessage(error)})`;
    return new PlatformError(`${where}: ${words}`, { kind, cause: error });
  }
  if ((status >= 200 && status < 300) || status === 300) {
    if (isMap(body)) return undefined;
    return new PlatformError(`${where}: answered what is no JSON object`, { kind: "invalid", status });
  }
  return answered(where, { statusCode: status, headers }, body);
}

interface Head {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

function answered(where: string, { statusCode: status, headers }: Head, body: unknown): PlatformError {
  const said = wordsOf(body);
  return new PlatformError(`${where}: ${status}${said === "" ? "" : ` ${said}`}`, {
    kind: kindOfStatus(status),
    status,
    retryAfter: retryAfter(headers["retry-after"], Date.now()),
  });
}

/** Keystone and Nova say `{"error": {"message"}}` or `{"forbidden": {"message"}}`, Octavia `{"faultstring"}`. */
function wordsOf(body: unknown): string {
  if (!isMap(body)) return "";
  const texts = [
    body["faultstring"],
    body["message"],
    ...Object.values(body).map((inner) => isMap(inner) && inner["message"]),
  ];
  const [text = ""] = texts.filter((candidate) => typeof candidate === "string");
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

function resourceOf(url: string): string {
  const words = new URL(url).pathname.split("/").filter((part) => /^[a-z][a-z_-]*$/.test(part) && part !== "detail");
  return words.at(-1) ?? "versions";
}
