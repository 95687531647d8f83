import { Agent } from "node:https";
import { errorCode } from "#lib/error-code.ts";
import acme from "acme-client";
import { errorMessage } from "#lib/error-message.ts";
import { pause } from "#lib/pause.ts";
import { retryAfter } from "#lib/retry-after.ts";
import { isMap } from "#lib/schema-rules.ts";
import type { AcmeChallenge } from "#resources/acme.ts";
import { AcmeError } from "./acme-error.ts";

export interface AcmeServerOptions {
  /** URL of the directory (RFC 8555 §7.1.1). */
  readonly directory: string;
  readonly email: string | undefined;
  /** PEM of the authorities by which the server is known; undefined: Node's own. */
  readonly authorities: string | undefined;
  /** One of the server's profiles; undefined: its standard one. */
  readonly profile: string | undefined;
}

export interface Order {
  /** PEM, of the account; asked for when it has to register. */
  readonly accountKey: () => Promise<string>;
  /** DNS names, no wildcards. */
  readonly hosts: readonly string[];
  /** PEM, of the new certificate. */
  readonly privateKey: string;
  /** Resolves when the answers can be had at the hosts. What it throws comes back as it is. */
  readonly publish: (challenges: readonly AcmeChallenge[]) => Promise<void>;
}

/** Milliseconds: how long one answer of the server may take, and one validation or issue. */
const ANSWER_TIMEOUT = 30_000;
const PATIENCE = 120_000;
const POLL = { least: 250, most: 5_000 };
/** Characters that X.509 lets a common name have (RFC 5280, ub-common-name). Hosts that are longer are alternative names alone. */
const LONGEST_COMMON_NAME = 64;

type AxiosResponse = Awaited<ReturnType<typeof acme.axios.request<unknown>>>;

/** What the server said last, beside what the library makes of it. */
interface LastAnswer {
  readonly status: number;
  readonly type: string;
  readonly retryAfter: number;
}

/**
 * A server that issues certificates (RFC 8555), asked by acme-client. The library has one HTTP client for the whole process and
 * repeats what failed by rules of its own that no signal ends: here nothing is repeated but what a nonce was too old for, and
 * one order is open at a time.
 */
export class AcmeServer implements Disposable {
  readonly #options: AcmeServerOptions;
  readonly #agent: Agent;
  #client: acme.Client | undefined;
  #last: LastAnswer | undefined;
  /** Why the order cannot go on, where it is not the server. */
  #obstacle: unknown;

  constructor(options: AcmeServerOptions) {
    this.#options = options;
    const { authorities } = options;
    this.#agent = new Agent(authorities === undefined ? {} : { ca: authorities });
    const { axios } = acme;
    Object.assign(axios.defaults, { httpsAgent: this.#agent, timeout: ANSWER_TIMEOUT });
    // In place of the library's own, which repeats, and ends with a TypeError where there was no answer.
    axios.interceptors.response.clear();
    axios.interceptors.response.use(null, (error: { readonly response?: AxiosResponse }) => {
      const { response } = error;
      // To the library every answer is one: it looks at the status itself.
      if (response === undefined) throw error;
      this.#hear(response);
      return response;
    });
  }

  [Symbol.dispose](): void {
    acme.axios.interceptors.response.clear();
    this.#agent.destroy();
  }

  /** The chain as PEM. Throws an AcmeError, the signal's reason, or what the order's own functions threw. */
  async issue(order: Order, signal: AbortSignal): Promise<string> {
    this.#last = undefined;
    this.#obstacle = undefined;
    acme.axios.defaults.signal = signal;
    try {
      return await this.#issue(order, signal);
    } catch (error) {
      // The server may have forgotten the account.
      this.#client = undefined;
      signal.throwIfAborted();
      throw error instanceof AcmeError || error === this.#obstacle ? error : this.#explain(error);
    }
  }

  /** Runs what is the caller's. */
  async #ours<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#obstacle = error;
      throw error;
    }
  }

  #hear({ status, headers, data }: AxiosResponse): void {
    const type = isMap(data) && typeof data["type"] === "string" ? data["type"] : "";
    this.#last = { status, type, retryAfter: retryAfter(headers["retry-after"], Date.now()) };
  }

  async #issue({ accountKey, hosts, privateKey, publish }: Order, signal: AbortSignal): Promise<string> {
    const client = this.#client ?? (await this.#registered(await this.#ours(accountKey)));
    const { profile } = this.#options;
    const identifiers = hosts.map((value) => ({ type: "dns", value }));
    const order = await client.createOrder({ identifiers, ...(profile === undefined ? {} : { profile }) });
    await this.#authorize(client, order, publish, signal);
    const commonName = hosts.find((host) => host.length <= LONGEST_COMMON_NAME);
    const names = { altNames: [...hosts], ...(commonName === undefined ? {} : { commonName }) };
    const [, request] = await acme.crypto.createCsr(names, privateKey);
    const finalized = await client.finalizeOrder(order, request);
    const ready = await this.#poll(
      () => client.getOrder(finalized),
      ({ status }) => status !== "processing" && status !== "ready",
      signal,
    );
    if (ready.status !== "valid") throw new AcmeError("refused", endOf(ready));
    return await client.getCertificate(ready);
  }

  async #registered(accountKey: string): Promise<acme.Client> {
    const { directory, email } = this.#options;
    const client = new acme.Client({ directoryUrl: directory, accountKey });
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    try {
      await client.createAccount({ termsOfServiceAgreed: true, ...contact });
    } catch (error) {
      // An account that is there is brought up to date by the library, also with nothing to say, which servers may refuse.
      if (email !== undefined || !hasAccount(client)) throw error;
    }
    this.#client = client;
    return client;
  }

  async #authorize(
    client: acme.Client,
    order: acme.Order,
    publish: Order["publish"],
    signal: AbortSignal,
  ): Promise<void> {
    const open = (await client.getAuthorizations(order)).filter(({ status }) => status === "pending");
    const asked = open.map(({ identifier, challenges }) => {
      const challenge = challenges.find(({ type }) => type === "http-01");
      if (challenge === undefined)
        throw new AcmeError("refused", `the server offers no HTTP-01 challenge for ${identifier.value}`);
      return { host: identifier.value, challenge };
    });
    if (asked.length === 0) return;
    const answers = await Promise.all(
      asked.map(async ({ host, challenge }) => ({
        host,
        token: challenge.token,
        content: await client.getChallengeKeyAuthorization(challenge),
      })),
    );
    await this.#ours(() => publish(answers));
    signal.throwIfAborted();
    for (const { challenge } of asked) await client.completeChallenge(challenge);
    const settled = await this.#poll(
      () => client.getAuthorizations(order),
      (all) => all.every(({ status }) => status !== "pending"),
      signal,
    );
    const failed = settled.filter(({ status }) => status !== "valid").map(wordsOf);
    if (failed.length > 0) throw new AcmeError("challenge", failed.join("; "));
  }

  /** Asks until the answer is final, as often as the server wants it. */
  async #poll<T>(ask: () => Promise<T>, isFinal: (value: T) => boolean, signal: AbortSignal): Promise<T> {
    const end = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    for (let wait = POLL.least; ; wait = Math.min(POLL.most, wait * 2)) {
      const value = await ask();
      if (isFinal(value)) return value;
      await pause(Math.max(wait, this.#last?.retryAfter ?? 0), end);
      signal.throwIfAborted();
      if (end.aborted) throw new AcmeError("unreachable", `the server came to no end within ${PATIENCE / 1000} s`);
    }
  }

  #explain(error: unknown): AcmeError {
    const words = errorMessage(error);
    const last = this.#last;
    const { directory } = this.#options;
    if (isUntrusted(error)) {
      const message = `the certificate of ${directory} is not of an authority that is known (${words})`;
      return new AcmeError("untrusted", message);
    }
    if (last === undefined || isNetworkError(error))
      return new AcmeError("unreachable", `${directory} gives no answer (${words})`);
    if (last.status === 429 || last.type.endsWith(":rateLimited"))
      return new AcmeError("rateLimited", `the server's limit is reached: ${words}`, last.retryAfter);
    if (last.status >= 500)
      return new AcmeError("unreachable", `the server answered ${last.status}: ${words}`, last.retryAfter);
    return new AcmeError("refused", words, last.retryAfter);
  }
}

function hasAccount(client: acme.Client): boolean {
  try {
    return client.getAccountUrl() !== "";
  } catch {
    return false;
  }
}

/** The reason stands in the order, in the form of a problem (RFC 8555 §7.1.3); the library's types lack it. */
function endOf(order: acme.Order & { readonly error?: unknown }): string {
  const detail = isMap(order.error) ? order.error["detail"] : undefined;
  return `the order ended as ${order.status}${typeof detail === "string" ? `: ${detail}` : ""}`;
}

function wordsOf({ identifier, challenges, status }: acme.Authorization): string {
  const error = challenges.map((challenge) => challenge.error).find((found) => isMap(found));
  const detail = error?.["detail"];
  return `${identifier.value}: ${typeof detail === "string" ? detail : `the authorisation is ${status}`}`;
}

/** OpenSSL's words for a chain that ends nowhere, or at a name that is another's. */
function isUntrusted(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(errorCode(error) ?? "");
}

function isNetworkError(error: unknown): boolean {
  return /^(E[A-Z]+|ERR_NETWORK|ERR_SOCKET.*)$/.test(errorCode(error) ?? "");
}
