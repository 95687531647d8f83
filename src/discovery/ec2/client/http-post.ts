import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { errorMessage } from "#lib/error-message.ts";
import { PlatformError } from "../../platform-error.ts";

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  /** The server's clock, milliseconds since the epoch; undefined where it does not say. */
  readonly date: number | undefined;
}

/** POST with a time limit for the whole answer, over connections that are kept. A redirect is an answer: a signature follows none. */
export class HttpPost implements Disposable {
  readonly #timeout: number;
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https: HttpsAgent;

  /**
   * @param timeout milliseconds for an answer to be whole
   * @param ca PEM of who may have signed the servers' certificates; the machine's own authorities unless given
   */
  constructor({ timeout, ca }: { readonly timeout: number; readonly ca?: string }) {
    this.#timeout = timeout;
    this.#https = new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  }

  /** Throws {@link PlatformError} without a whole answer in time, and the signal's reason when that says stop. */
  async send({ url, headers, body, signal }: PostRequest): Promise<PostAnswer> {
    const limit = AbortSignal.timeout(this.#timeout);
    const options = { method: "POST", headers, signal: AbortSignal.any([signal, limit]) };
    try {
      const response = await this.#begin(url, options, body);
      const date = Date.parse(response.headers.date ?? "");
      const answer = await text(response);
      return { status: response.statusCode ?? 0, body: answer, date: Number.isNaN(date) ? undefined : date };
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted)
        throw new PlatformError(`${url.origin} did not answer within ${this.#timeout} ms`, { kind: "timeout" });
      throw new PlatformError(`${url.origin} cannot be reached: ${errorMessage(error)}`, { kind: "unreachable" });
    }
  }

  async #begin(url: URL, options: RequestOptions, body: string): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, agent: this.#https }, resolve)
        : httpRequest(url, { ...options, agent: this.#http }, resolve);
    request.on("error", reject).end(body);
    try {
      return await promise;
    } catch (error) {
      // The server closed a kept connection just when it was used again. What is asked changes nothing, so it may be asked twice.
      if (request.reusedSocket && options.signal?.aborted !== true) return await this.#begin(url, options, body);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
