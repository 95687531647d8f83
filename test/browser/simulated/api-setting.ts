import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import type { Api, ApiOptions } from "#api/api.ts";
import type { Principal } from "#api/auth/principal.ts";
import { sessionsFile } from "#api/auth/sessions-file.ts";
import { Sessions } from "#api/auth/sessions.ts";
import { httpGet, type HttpAnswer, type HttpOptions } from "../../integration/support/http-get.ts";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { startSimulated } from "./start-simulated.ts";

export interface ApiSettingOptions extends Partial<ApiOptions> {
  /**
   * Somebody who is signed in from the start: their cookie is {@link ApiSetting.cookie}. They operate what they see, and who
   * sees everything is an admin, unless given.
   */
  readonly principal?: Pick<Principal, "name" | "namespaces"> & Partial<Principal>;
}

/** A running API and the ways to ask it: as a program with the token, as a browser with a cookie, as nobody. */
export class ApiSetting {
  readonly api: Api;
  readonly token: string;
  readonly cookie: string;
  readonly stateDirectory: string;
  /** The Host header of an honest client. */
  readonly host: string;

  private constructor(api: Api, token: string, cookie: string, stateDirectory: string) {
    this.api = api;
    this.token = token;
    this.cookie = cookie;
    this.stateDirectory = stateDirectory;
    this.host = `127.0.0.1:${api.port}`;
  }

  /** It ends with the test. */
  static async start(t: TestContext, options: ApiSettingOptions = {}): Promise<ApiSetting> {
    const { principal = { name: "operator", namespaces: "all" }, ...changes } = options;
    const directory = await temporaryDirectory("api");
    t.after(() => directory[Symbol.asyncDispose]());
    const token = randomBytes(32).toString("base64url");
    const sessions = await Sessions.open(sessionsFile(directory.path, token), changes.now ?? Date.now);
    const { namespaces } = principal;
    const whole = { operates: namespaces, admin: namespaces === "all", ...principal };
    const cookie = `binnacle_session=${await sessions.begin({ principal: whole, grounds: { type: "token" } })}`;
    const api = await startSimulated(directory.path, token, changes);
    t.after(() => api[Symbol.asyncDispose]());
    return new ApiSetting(api, token, cookie, directory.path);
  }

  get bearer(): { readonly authorization: string } {
    return { authorization: `Bearer ${this.token}` };
  }

  path(name: string): string {
    return join(this.stateDirectory, name);
  }

  anonymous(path: string, options?: HttpOptions): Promise<HttpAnswer> {
    return httpGet({ port: this.api.port }, path, { host: this.host, ...options });
  }

  /** With the token. */
  get(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    return this.anonymous(path, { ...options, headers: { ...this.bearer, ...options.headers } });
  }

  /** With the cookie, as a page of the console does it. */
  browse(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const headers = { cookie: this.cookie, origin: this.api.url, "sec-fetch-site": "same-origin", ...options.headers };
    return this.anonymous(path, { ...options, headers });
  }

  /** An answer's JSON. Throws when the answer is an error. */
  async json<T>(path: string, options?: HttpOptions): Promise<T> {
    const answer = await this.get(path, options);
    if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = this.bearer): Promise<HttpAnswer> {
    const sent = { "content-type": "application/json", ...headers };
    return this.anonymous(path, { method: "POST", body: JSON.stringify(body), headers: sent });
  }

  /** A live view. Rejects when it is refused. */
  async socket(headers: Readonly<Record<string, string>> = this.bearer): Promise<WebSocket> {
    const result = await this.#upgrade(headers);
    if (result instanceof WebSocket) return result;
    throw new Error(`the socket was refused: ${result.status} ${result.body}`);
  }

  /** The answer that refuses a live view. Rejects when it is opened. */
  async refusedSocket(headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const result = await this.#upgrade(headers);
    if (!(result instanceof WebSocket)) return result;
    result.terminate();
    throw new Error(`the socket was opened with ${JSON.stringify(headers)}`);
  }

  #upgrade(headers: Readonly<Record<string, string>>): Promise<WebSocket | HttpAnswer> {
    const url = `ws://127.0.0.1:${this.api.port}/api/v1/traffic`;
    const webSocket = new WebSocket(url, { headers: { host: this.host, ...headers } });
    return new Promise((resolve, reject) => {
      webSocket.once("open", () => resolve(webSocket)).once("error", reject);
      webSocket.once("unexpected-response", (_request, response) => {
        const { statusCode: status = 0, headers: answered, httpVersion } = response;
        text(response).then((body) => resolve({ status, headers: answered, body, httpVersion }), reject);
      });
    });
  }
}

/** The cookie that an answer sets, as a browser sends it back. */
export function cookieOf(answer: HttpAnswer): string {
  return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

/** A header's value as one text; empty when it is missing. */
export function headerOf(answer: HttpAnswer, name: string): string {
  return String(answer.headers[name] ?? "");
}
