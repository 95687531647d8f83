import type { IncomingHttpHeaders } from "node:http";
import type { Client } from "pkgcloud/lib/pkgcloud/core/base/client.js";
import { PlatformError } from "../platform-error.ts";
import { failureOfAnswer } from "./failure-of-answer.ts";

export interface RequestsOptions {
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
  readonly signal: AbortSignal;
}

export interface CloudAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/**
 * Requests by pkgcloud's clients, mended: an answer has to be whole in time, ends with the signal and comes from the server that
 * was asked (a token follows no redirect); certificates may have an authority of their own; every failure is a
 * {@link PlatformError} in the server's own words, where pkgcloud calls each 403 of OpenStack's "Resize not allowed". Its own
 * calls (`getServers`) are not used: they throw in a callback, out of anybody's reach, at an answer that they do not
 * know, which 429 is to most of them; and of several pages they ask for one.
 */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /**
   * 2xx and 300 are answers.
   *
   * @param client of this request alone
   */
  async send(client: Client, request: CloudRequest): Promise<CloudAnswer> {
    const began = performance.now();
    const observe = (code: number): void =>
      this.#options.observe?.({
        verb: request.method === "GET" ? "get" : "create",
        resource: resourceOf(request.url),
        code,
        seconds: (performance.now() - began) / 1000,
      });
    try {
      const answer = await this.#exchange(client, request);
      observe(answer.status);
      return answer;
    } catch (error) {
      if (!request.signal.aborted) observe(error instanceof PlatformError ? error.status : 0);
      throw error;
    }
  }

  async #exchange(client: Client, { method, url, body, signal }: CloudRequest): Promise<CloudAnswer> {
    signal.throwIfAborted();
    const { timeout, ca } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<CloudAnswer>();
    const where = `${method} ${url.replace(/\?.*/, "")}`;
    client.before.push((request) => {
      request["timeout"] = timeout;
      request["followRedirect"] = false;
      if (ca !== undefined) request["ca"] = ca;
    });
    const sent = client._request(
      { method, uri: url, ...(body === undefined ? {} : { body }) },
      (error, parsed, response) => {
        const failure = failureOfAnswer(where, error, parsed, response);
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
      sent?.abort();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

function resourceOf(url: string): string {
  const words = new URL(url).pathname.split("/").filter((part) => /^[a-z][a-z_-]*$/.test(part) && part !== "detail");
  return words.at(-1) ?? "versions";
}
