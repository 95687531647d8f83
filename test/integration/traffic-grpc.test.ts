import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { Remote } from "./remote-envoy-world.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";

const PATIENCE = 90_000;
const METHOD = "/shop.Cart/Add";
const STREAM = "/shop.Cart/Watch";
const HTTP2 = { "projectcontour.io/upstream-protocol.h2c": "80" };
/** A request is one byte: which of these the server is to answer. */
const STATUSES = [status.OK, status.NOT_FOUND, status.UNAVAILABLE, status.UNKNOWN];
const same = (bytes: Buffer): Buffer => bytes;

test("answers of gRPC count by their status, which stands behind a 200, and say in words why they failed", async (t) => {
  await using world = await Remote.start();
  await world.startTraffic();
  const server = new Server();
  t.after(() => server.forceShutdown());
  const path = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
  server.addService(
    {
      add: { ...path, path: METHOD, requestStream: false, responseStream: false },
      watch: { ...path, path: STREAM, requestStream: false, responseStream: true },
    },
    {
      // Answers with the status that it is asked for.
      add: (call: { request: Buffer }, reply: (error: Partial<ServiceError> | null, value?: Buffer) => void) => {
        const code = STATUSES[call.request[0] ?? 0];
        if (code === undefined || code === status.OK) reply(null, Buffer.from("ok"));
        else reply({ code, details: "as asked" });
      },
      // Begins to answer, and goes on for ever.
      watch: (call: ServerWritableStream<Buffer, Buffer>) => void call.write(Buffer.from("first")),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const listening = (error: Error | null, bound: number): void => (error === null ? resolve(bound) : reject(error));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), listening);
  });
  world.apply(
    together(
      service("team-shop", "cart", [{ host: "127.0.0.1", port }], HTTP2),
      service("team-shop", "empty", [], HTTP2),
      ingress("team-shop", "cart", "cart.test", "cart"),
      ingress("team-shop", "empty", "empty.test", "empty"),
    ),
  );
  await using envoy = await world.local();
  await until(async () => (await envoy.admin("/listeners")).includes("http::"), { what: "the listener" });
  await until(() => world.get("shop.test"), { accept: ({ status: code }) => code === 200, what: "the plain host" });

  const to = (host: string): Client =>
    new Client(`127.0.0.1:${world.httpPort}`, credentials.createInsecure(), { "grpc.default_authority": host });
  const clients = { cart: to("cart.test"), empty: to("empty.test") };
  t.after(() => Object.values(clients).forEach((client) => client.close()));
  const call = (client: Client, wanted: status): Promise<status> =>
    new Promise((resolve) => {
      const request = Buffer.from([STATUSES.indexOf(wanted)]);
      client.makeUnaryRequest(METHOD, same, same, request, new Metadata(), (error) =>
        resolve(error?.code ?? status.OK),
      );
    });

  const asked = [
    ...Array.from({ length: 5 }, () => status.OK),
    ...Array.from({ length: 3 }, () => status.NOT_FOUND),
    ...Array.from({ length: 2 }, () => status.UNAVAILABLE),
    status.UNKNOWN,
  ];
  for (const wanted of asked) assert.equal(await call(clients.cart, wanted), wanted);
  assert.equal(await call(clients.empty, status.OK), status.UNAVAILABLE, "Envoy's own answer");
  await new Promise<void>((resolve) => {
    const stream = clients.cart.makeServerStreamRequest(STREAM, same, same, Buffer.alloc(0), new Metadata());
    stream.once("data", () => stream.cancel()).once("error", () => resolve());
  });

  const snapshot = (host: string) => world.traffic.snapshot({ filter: { hosts: [host] } }, "all");
  const cart = await until(async () => (await snapshot("cart.test")).totals.counts, {
    accept: ({ requests }) => requests === asked.length + 1,
    what: "all to be counted",
    timeoutMs: PATIENCE,
  });
  // The one that its client left is none of the service's failures.
  assert.deepEqual(cart.codes, { "200": 6, "404": 3, "500": 1, "503": 2 });
  assert.deepEqual(
    (
      await until(async () => (await snapshot("empty.test")).totals.counts, {
        accept: ({ requests }) => requests === 1,
      })
    ).codes,
    {
      "503": 1,
    },
  );
  const { codes } = (await snapshot("shop.test")).totals.counts;
  assert.deepEqual([codes["200"] !== undefined, codes["500"]], [true, undefined], "what is no gRPC counts by its code");

  const rows = await until(
    async () => (await snapshot("cart.test")).requests.filter(({ kept }) => kept === "failure"),
    {
      accept: (found) => found.length >= 3,
      what: "each failure to be shown",
      timeoutMs: PATIENCE,
    },
  );
  const failures = rows.filter(({ flags }) => flags.length === 0);
  assert.deepEqual(failures.map(({ code, grpcStatus, why }) => `${code} ${grpcStatus} ${why?.summary}`).toSorted(), [
    "500 UNKNOWN team-shop/cart:80 answered UNKNOWN (gRPC)",
    "503 UNAVAILABLE team-shop/cart:80 answered UNAVAILABLE (gRPC)",
    "503 UNAVAILABLE team-shop/cart:80 answered UNAVAILABLE (gRPC)",
  ]);
});
