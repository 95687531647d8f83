import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { suite, test } from "node:test";
import acme from "acme-client";
import type { AcmeError } from "./acme-error.ts";
import { AcmeServer } from "./acme-server.ts";
import { newAccountKey, newKey } from "./keys.ts";

type Answer = { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown };

/**
 * What no ACME server can be made to answer; that we understand a real one, test/partners/acme asks Pebble. All hosts are
 * authorised already.
 */
class FakeCa implements AsyncDisposable {
  readonly url: string;
  /** By the path's last word, in place of what is answered otherwise. */
  readonly answers = new Map<string, Answer>();
  /** What was sent to each path's last word last. */
  readonly sent = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    http.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<FakeCa> {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    return new FakeCa(http);
  }

  /** Asks it for a certificate of these hosts. */
  async issue(hosts: readonly string[]): Promise<string> {
    using server = new AcmeServer({
      directory: `${this.url}/directory`,
      email: undefined,
      authorities: undefined,
      profile: undefined,
    });
    const order = { accountKey: newAccountKey, hosts, privateKey: await newKey("ecdsa-p256"), publish: async () => {} };
    return await server.issue(order, new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const word = (request.url ?? "").split("/").at(-1) ?? "";
    if (request.method === "POST") {
      const { payload } = (await json(request)) as { readonly payload: string };
      const text = Buffer.from(payload, "base64url").toString();
      this.sent.set(word, text === "" ? {} : (JSON.parse(text) as Record<string, unknown>));
    }
    const { status = 200, headers = {}, body } = this.answers.get(word) ?? this.#usual(word);
    response.writeHead(status, { "content-type": "application/json", "replay-nonce": "n", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  #usual(word: string): Answer {
    const at = (name: string): string => `${this.url}/${name}`;
    const order = { authorizations: [], finalize: at("finalize"), certificate: at("certificate") };
    switch (word) {
      case "directory":
        return { body: { newNonce: at("nonce"), newAccount: at("account"), newOrder: at("orders") } };
      case "account":
        return { status: 201, headers: { location: at("account/1") }, body: { status: "valid" } };
      case "orders":
        return { status: 201, headers: { location: at("order") }, body: { ...order, status: "ready" } };
      case "certificate":
        return { body: "a chain" };
      default:
        return { body: { ...order, status: "valid" } };
    }
  }
}

suite("an ACME server", { timeout: 600_000 }, () => {
  test("that ends an order without a certificate is told with its reason", async () => {
    await using ca = await FakeCa.start();
    const error = { type: "urn:ietf:params:acme:error:caa", detail: "CAA record of shop.test forbids it" };
    ca.answers.set("order", { body: { status: "invalid", error, authorizations: [], finalize: "x" } });
    await assert.rejects(ca.issue(["shop.test"]), {
      kind: "refused",
      message: "the order ended as invalid: CAA record of shop.test forbids it",
    } satisfies Partial<AcmeError>);
  });

  test("gets no common name that is longer than X.509 lets it be, and every host all the same", async () => {
    const long = `${"a".repeat(40)}.${"b".repeat(30)}.test`;
    for (const [hosts, commonName] of [
      [[long, "shop.test"], "shop.test"],
      [[long], null],
    ] as const) {
      await using ca = await FakeCa.start();
      assert.equal(await ca.issue(hosts), "a chain");
      const der = String(ca.sent.get("finalize")?.["csr"]);
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der, "base64url").toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
      const domains = acme.crypto.readCsrDomains(pem);
      assert.equal(domains.commonName, commonName);
      assert.deepEqual([...domains.altNames].sort(), [...hosts].sort());
    }
  });

  test("that has a limit is told as such, with the time that it asks for", async () => {
    await using ca = await FakeCa.start();
    const body = { type: "urn:ietf:params:acme:error:rateLimited", detail: "too many new orders recently" };
    ca.answers.set("orders", { status: 429, headers: { "retry-after": "3600" }, body });
    await assert.rejects(ca.issue(["shop.test"]), { kind: "rateLimited", retryAfter: 3_600_000 });
  });
});
