import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { KubeClient, ObservedCall } from "./client.ts";
import { createKubeClient, type KubeClientOptions } from "./http-client.ts";
import { KubeError } from "./kube-error.ts";
import { ManualClock } from "./manual-clock.ts";
import { SERVICES } from "./resource-types.ts";

/** Faults that a real API server can't be made to show; test/kubernetes/ has the real one. */
class FakeApi implements AsyncDisposable {
  readonly directory: string;
  readonly requests: string[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.end("{}");
  readonly #server: Server;

  private constructor(server: Server, directory: string) {
    this.#server = server;
    this.directory = directory;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? "anonymous"}`);
      this.answer(request, response);
    });
  }

  static async start(): Promise<FakeApi> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeApi(server, await mkdtemp(join(tmpdir(), "binnacle-kube-")));
  }

  /** A kubeconfig file with this user, in the directory. */
  async kubeconfig(user: unknown): Promise<string> {
    const file = join(this.directory, "kubeconfig");
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/below`;
    const document = {
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server } }],
      users: [{ name: "u", user }],
    };
    await writeFile(file, JSON.stringify(document));
    return file;
  }

  async client(user: unknown = { token: "t" }, options: Partial<KubeClientOptions> = {}): Promise<KubeClient> {
    const connection = { type: "file", kubeconfig: await this.kubeconfig(user) } as const;
    return createKubeClient({ connection, environment: { PATH: process.env["PATH"] }, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.directory, { recursive: true });
  }
}

const { signal } = new AbortController();

function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(code, headers).end(JSON.stringify({ kind: "Status", reason, message: `it is ${reason}` }));
}

async function failure(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof KubeError, String(error));
  return error;
}

describe("credentials", () => {
  test("of a file that changed are taken after a 401, without a restart", async () => {
    await using api = await FakeApi.start();
    using client = await api.client({ token: "old" });
    api.answer = ({ headers }, response) => {
      if (headers.authorization === "Bearer new") response.end("{}");
      else refuse(response, 401, "Unauthorized");
    };
    assert.equal((await failure(client.read("/version", { signal }))).code, 401);
    await api.kubeconfig({ token: "new" });
    await client.read("/version", { signal });
    assert.deepEqual(api.requests.slice(-2), ["GET /below/version Bearer old", "GET /below/version Bearer new"]);
  });

  test("of a file that cannot be read for a moment stay in force", async () => {
    await using api = await FakeApi.start();
    using client = await api.client({ token: "t" }, { rereadAfter: 0 });
    await client.read("/version", { signal });
    await writeFile(join(api.directory, "kubeconfig"), "half writ: [");
    await client.read("/version", { signal });
    assert.equal(api.requests.at(-1), "GET /below/version Bearer t");
  });

  test("of a plugin are asked for once, and anew after a 401", async () => {
    await using api = await FakeApi.start();
    const script = `echo x >> runs; echo '{"kind":"ExecCredential","status":{"token":"'"$(wc -l < runs | tr -d ' ')"'"}}'`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", script] };
    using client = await api.client({ exec });
    await client.read("/version", { signal });
    await client.read("/version", { signal });
    api.answer = ({ headers }, response) => {
      if (headers.authorization === "Bearer 1") refuse(response, 401, "Unauthorized");
      else response.end("{}");
    };
    await client.read("/version", { signal });
    assert.deepEqual(
      api.requests.map((line) => line.split(" ").at(-1)),
      ["1", "1", "1", "2"],
    );
  });

  test("that cannot be used are a failure of the call, without a word of them: half of a new pair, a spoiled token", async () => {
    await using api = await FakeApi.start();
    const spoiled = "c2VjcmV0\u0001";
    using byToken = await api.client({ token: spoiled });
    const { reason, message } = await failure(byToken.read("/version", { signal }));
    assert.deepEqual({ reason, tells: message.includes("c2VjcmV0") }, { reason: "Credentials", tells: false });
    const pem = (text: string): string => Buffer.from(`-----BEGIN ${text}`).toString("base64");
    const file = await api.kubeconfig({
      "client-certificate-data": pem("CERTIFICATE-----\nhalf"),
      "client-key-data": pem("PRIVATE KEY-----\nhalf"),
    });
    await writeFile(file, (await readFile(file, "utf8")).replace("http:", "https:"));
    using byPair = createKubeClient({ connection: { type: "file", kubeconfig: file } });
    assert.equal((await failure(byPair.read("/version", { signal }))).reason, "Credentials");
  });

  test("of a plugin that hangs behind a shell are given up in time, and asked for again", async () => {
    await using api = await FakeApi.start();
    const once = `[ -e hung ] || { touch hung; sleep 3600; }; echo '{"kind":"ExecCredential","status":{"token":"late"}}'`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", once] };
    using client = await api.client({ exec }, { timeout: 300 });
    await failure(client.read("/version", { signal }));
    while (api.requests.length === 0) await client.read("/version", { signal, timeout: 30_000 }).catch(() => {});
    assert.deepEqual(api.requests, ["GET /below/version Bearer late"]);
  });

  test("that a plugin does not give are an error with its own words", async () => {
    await using api = await FakeApi.start();
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "sh",
      args: ["-c", "echo no login >&2; exit 3"],
    };
    using client = await api.client({ exec });
    const { reason, message } = await failure(client.read("/version", { signal }));
    assert.equal(reason, "Credentials");
    assert.match(message, /ended with status 3: no login/);
  });
});

describe("a server", () => {
  test("that is silent is left after the time-out", async () => {
    await using api = await FakeApi.start();
    const clock = new ManualClock();
    using client = await api.client({ token: "t" }, { clock });
    const asked = Promise.withResolvers<void>();
    api.answer = () => asked.resolve();
    const failed = failure(client.get(SERVICES, { namespace: "a", name: "b" }, { signal }));
    await asked.promise;
    await clock.pass(30_000);
    const { reason, message } = await failed;
    assert.equal(reason, "Timeout");
    assert.equal(message, "get /api/v1/namespaces/a/services/b: no answer within 30 s");
  });

  test("that falls silent in a watch is left too", async () => {
    await using api = await FakeApi.start();
    const clock = new ManualClock();
    using client = await api.client({ token: "t" }, { clock });
    api.answer = (_, response) => void response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
    const seen: string[] = [];
    const first = Promise.withResolvers<void>();
    const failed = failure(
      (async () => {
        for await (const { type } of client.watch(SERVICES, { signal, resourceVersion: "1" })) {
          seen.push(type);
          first.resolve();
        }
      })(),
    );
    await first.promise;
    await clock.pass(300_000);
    assert.equal((await failed).reason, "Timeout");
    assert.deepEqual(seen, ["ADDED"]);
  });

  test("that puts a call off is asked again when it said", async () => {
    await using api = await FakeApi.start();
    const calls: ObservedCall[] = [];
    using client = await api.client({ token: "t" }, { observe: (call) => calls.push(call) });
    let answered = 0;
    api.answer = (_, response) => {
      if (++answered < 3) refuse(response, 429, "TooManyRequests", { "retry-after": "0" });
      else response.end("{}");
    };
    await client.read("/version", { signal });
    assert.deepEqual(
      calls.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`),
      ["get /version 429", "get /version 429", "get /version 200"],
    );
  });

  test("that puts a call off for longer than anybody waits is asked again after a minute", async () => {
    await using api = await FakeApi.start();
    using client = await api.client();
    api.answer = (_, response) => refuse(response, 503, "ServiceUnavailable", { "retry-after": "99999999" });
    // Longer than a timer of Node's can be, which then ends at once.
    assert.equal((await failure(client.read("/version", { signal }))).retryAfter, 60_000);
  });

  test("whose answer is torn, no JSON, or an error is told apart", async () => {
    await using api = await FakeApi.start();
    using client = await api.client();
    api.answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setImmediate(() => response.destroy());
    };
    assert.equal((await failure(client.list(SERVICES, { signal }))).reason, "Unreachable");
    api.answer = (_, response) => void response.end("<html>");
    assert.equal((await failure(client.list(SERVICES, { signal }))).reason, "Malformed");
    api.answer = (_, response) => void response.writeHead(503).end("<html>");
    const { code, reason } = await failure(client.list(SERVICES, { signal }));
    assert.deepEqual({ code, reason }, { code: 503, reason: "ServiceUnavailable" });
  });

  test("that forgets a list's state between two pages is asked for all at once", async () => {
    await using api = await FakeApi.start();
    using client = await api.client();
    const items = [{ metadata: { name: "a" } }, { metadata: { name: "b" } }];
    api.answer = ({ url = "" }, response) => {
      if (url.includes("continue=")) refuse(response, 410, "Expired");
      else if (url.includes("limit=")) {
        response.end(JSON.stringify({ metadata: { resourceVersion: "1", continue: "x" }, items: items.slice(0, 1) }));
      } else response.end(JSON.stringify({ metadata: { resourceVersion: "2" }, items }));
    };
    const list = await client.list(SERVICES, { signal });
    assert.deepEqual(
      [list.resourceVersion, list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)],
      ["2", ["Service a", "Service b"]],
    );
  });
});

test("calls wait for their turn, and a turn that was waited for is no time-out", async () => {
  await using api = await FakeApi.start();
  const clock = new ManualClock();
  using client = await api.client({ token: "t" }, { clock, rateLimit: { perSecond: 0.02, burst: 1 } });
  await client.read("/version", { signal });
  const second = client.read("/version", { signal });
  await clock.pass(49_000);
  assert.equal(api.requests.length, 1);
  await clock.pass(1000);
  await second;
  assert.equal(api.requests.length, 2);
});

test("a signal ends a call at once", async () => {
  await using api = await FakeApi.start();
  using client = await api.client();
  const stop = new AbortController();
  api.answer = () => stop.abort();
  assert.equal((await failure(client.read("/version", { signal: stop.signal }))).reason, "Aborted");
});
