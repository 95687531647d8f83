import { isMap } from "#lib/schema-rules.ts";
import { PlatformError } from "../../platform-error.ts";
import { areOfOneProject, type Credentials, type Scope, v2Request, v3Request } from "./credentials.ts";
import { readV2Token, readV3Token, type Token } from "./token.ts";
import type { Transport } from "./transport.ts";

export interface KeystoneOptions {
  /** `https://keystone.example:5000`, with or without `/v3` or `/v2.0`. */
  readonly authUrl: string;
  /** Asked before each authentication: secrets are files, and change. Throws {@link PlatformError}. */
  readonly credentials: () => Promise<Credentials>;
  readonly transport: Transport;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Version {
  readonly number: 2 | 3;
  /** Without a `/` at its end. */
  readonly url: string;
}

/** A token is not used for its last moments: it has to hold for the requests that it is taken for. In milliseconds. */
const EARLY = 60_000;

/**
 * Tokens of Keystone, version 3, or 2.0 where a cloud has only that. One is asked for once for all who want it at the same time,
 * and again before it ends or after a server has refused it.
 */
export class Keystone {
  readonly #options: KeystoneOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  /** What ends with this: a caller who gives up leaves the others their token. */
  readonly #stop = new AbortController();
  #version: Promise<Version> | undefined;

  constructor(options: KeystoneOptions) {
    this.#options = options;
  }

  async token(scope: Scope, signal: AbortSignal): Promise<Token> {
    const key = scope?.projectId ?? "";
    const known = this.#tokens.get(key);
    if (known !== undefined) {
      const token = await abandon(known, signal);
      if (token.expires - EARLY > this.#options.now()) return token;
      if (this.#tokens.get(key) === known) this.#tokens.delete(key);
    }
    const asked = this.#tokens.get(key) ?? this.#authenticate(scope);
    this.#tokens.set(key, asked);
    asked.catch(() => {
      if (this.#tokens.get(key) === asked) this.#tokens.delete(key);
    });
    return await abandon(asked, signal);
  }

  /** A server refused it: the next who wants one gets another. */
  async refuse(scope: Scope, token: Token): Promise<void> {
    const key = scope?.projectId ?? "";
    const known = this.#tokens.get(key);
    if (known !== undefined && (await known.catch(() => token)) === token) this.#tokens.delete(key);
  }

  /** The one project that the credentials are for by themselves; undefined for those that choose theirs. */
  async onlyProject(signal: AbortSignal): Promise<Token["project"]> {
    if (!areOfOneProject(await this.#options.credentials())) return undefined;
    return (await this.token(undefined, signal)).project;
  }

  /** Where projects are listed, and under which word. */
  async projectsUrl(signal: AbortSignal): Promise<{ readonly url: string; readonly key: string }> {
    const { number, url } = await abandon(this.#find(), signal);
    return number === 3 ? { url: `${url}/auth/projects`, key: "projects" } : { url: `${url}/tenants`, key: "tenants" };
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #authenticate(scope: Scope): Promise<Token> {
    const { transport } = this.#options;
    const { number, url } = await this.#find();
    const credentials = await this.#options.credentials();
    const { signal } = this.#stop;
    const body = number === 3 ? v3Request(credentials, scope) : v2Request(credentials, scope);
    if (body === undefined) {
      const version = number === 3 ? "3" : "2.0";
      throw new PlatformError(
        `${url} takes no credentials of the kind ${credentials.type}: this cloud has identity version ${version} only`,
        { kind: "credentials" },
      );
    }
    if (number === 3) {
      const answer = await transport.send({ method: "POST", url: `${url}/auth/tokens`, body, signal });
      return readV3Token(answer.body, answer.headers["x-subject-token"]);
    }
    const { body: answered } = await transport.send({ method: "POST", url: `${url}/tokens`, body, signal });
    return readV2Token(answered);
  }

  #find(): Promise<Version> {
    const asked = (this.#version ??= this.#ask());
    asked.catch(() => {
      if (this.#version === asked) this.#version = undefined;
    });
    return asked;
  }

  async #ask(): Promise<Version> {
    const url = this.#options.authUrl.replace(/\/+$/, "");
    if (url.endsWith("/v3")) return { number: 3, url };
    if (url.endsWith("/v2.0")) return { number: 2, url };
    const { signal } = this.#stop;
    // 300, or 200 from proxies in front of it: a list of versions.
    const { body } = await this.#options.transport.send({ method: "GET", url: `${url}/`, signal });
    const versions = isMap(body) && isMap(body["versions"]) ? body["versions"]["values"] : undefined;
    const ids = (Array.isArray(versions) ? versions : []).map((version: unknown) =>
      isMap(version) ? String(version["id"]) : "",
    );
    if (ids.some((id) => id.startsWith("v3"))) return { number: 3, url: `${url}/v3` };
    if (ids.some((id) => id.startsWith("v2.0"))) return { number: 2, url: `${url}/v2.0` };
    throw new PlatformError(`${url} offers no identity API of version 3 or 2.0`, { kind: "invalid" });
  }
}

/** Waits for what others may wait for, too, as long as the signal lets. */
async function abandon<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([shared, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
