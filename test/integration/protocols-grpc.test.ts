import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";

const H2C = { "projectcontour.io/upstream-protocol.h2c": "80" };

suite("gRPC", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  /** On a host with a time limit, and on one without. */
  let limitedClient: grpc.Client;
  let client: grpc.Client;
  before(async () => {
    gateway = stack.use(await Gateway.start());
    const server = new grpc.Server();
    const bytes = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    server.addService(
      {
        unary: { path: "/test.Echo/Unary", requestStream: false, responseStream: false, ...bytes },
        count: { path: "/test.Echo/Count", requestStream: false, responseStream: true, ...bytes },
        fail: { path: "/test.Echo/Fail", requestStream: false, responseStream: false, ...bytes },
      },
      {
        unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) =>
          answer(null, call.request),
        fail: (_call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) =>
          answer({ code: grpc.status.FAILED_PRECONDITION, details: "not now" }),
        count: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
          const timer = setInterval(() => call.write(Buffer.from("tick")), 20);
          call.on("cancelled", () => clearInterval(timer));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    stack.defer(() => server.forceShutdown());
    const target = [{ host: "127.0.0.1", port }];
    // Long enough for a first message on a machine that is busy with others.
    const limited = { "projectcontour.io/response-timeout": "1s" };
    const endless = { "projectcontour.io/response-timeout": "infinity" };
    gateway.apply(
      together(
        service("team", "grpc", target, H2C),
        ingress("team", "grpc", "grpc.test", "grpc", { annotations: limited }),
        ingress("team", "endless", "endless.test", "grpc", { annotations: endless }),
      ),
    );
    await gateway.open();
    limitedClient = clientFor("grpc.test");
    client = clientFor("endless.test");
  });
  after(async () => {
    limitedClient.close();
    client.close();
    await stack.disposeAsync();
  });

  const clientFor = (host: string): grpc.Client =>
    new grpc.Client(`127.0.0.1:${gateway.httpPort}`, grpc.credentials.createInsecure(), {
      "grpc.default_authority": host,
      "grpc.use_local_subchannel_pool": 1,
    });
  const unary = (method: string, host: grpc.Client = client): Promise<string> =>
    new Promise((resolve) => {
      host.makeUnaryRequest(`/test.Echo/${method}`, same, same, Buffer.from("hello"), (error, value) =>
        resolve(error === null ? (value ?? "").toString() : `${error.code} ${error.details}`),
      );
    });
  const stream = (host: grpc.Client): grpc.ClientReadableStream<Buffer> =>
    host.makeServerStreamRequest("/test.Echo/Count", same, same, Buffer.from("go"));

  test("calls, and the upstream's own status", async () => {
    assert.equal(await unary("Unary"), "hello");
    assert.equal(await unary("Fail"), `${grpc.status.FAILED_PRECONDITION} not now`);
  });

  test("a missing route is a status of gRPC, too", async () => {
    const nowhere = clientFor("nowhere.test");
    assert.match(await unary("Unary", nowhere), new RegExp(`^${grpc.status.UNIMPLEMENTED} `));
    nowhere.close();
  });

  test("a stream that runs longer than the route's limit is reset; without a limit it runs on", async () => {
    const limited = stream(limitedClient);
    let ticks = 0;
    limited.on("data", () => ticks++);
    const [error] = (await once(limited, "error")) as [grpc.ServiceError];
    assert.equal(error.code, grpc.status.INTERNAL, error.message);
    assert.ok(ticks > 0);
    const endless = stream(client);
    const started = performance.now();
    for await (const _tick of endless) if (performance.now() - started > 2200) break;
  });
});

function same(bytes: Buffer): Buffer {
  return bytes;
}
