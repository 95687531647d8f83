import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, suite, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { listeningPort } from "./support/free-port.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { type RawAnswer, rawHttp } from "./support/raw-http.ts";
import { Upstream, type UpstreamRequest } from "./support/upstream.ts";

const H2C = { "projectcontour.io/upstream-protocol.h2c": "80" };

suite("protocols", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  let upstream: Upstream;
  /** It takes ten seconds: they pass beside everything else. */
  let slow: Promise<RawAnswer>;
  before(async () => {
    upstream = stack.use(await Upstream.start());
    gateway = stack.use(await Gateway.start());
    gateway.apply(
      together(
        service("team", "shop", [upstream]),
        ingress("team", "shop", "shop.test", "shop"),
        ingress("team", "paths", "paths.test", "shop", { path: "/open" }),
      ),
    );
    await gateway.open();
    slow = rawHttp(gateway.httpPort, "GET / HTTP/1.1\r\nhost: shop.test\r\nx-slow: ");
    // Whatever comes of it is seen by the test that waits for it.
    slow.catch(() => undefined);
  });
  after(() => stack.disposeAsync());

  const lastRequest = (): UpstreamRequest => {
    const request = upstream.requests.at(-1);
    assert.ok(request !== undefined);
    return request;
  };
  const raw = (head: string, body = ""): Promise<RawAnswer> =>
    rawHttp(gateway.httpPort, `${head.replaceAll("\n", "\r\n")}\r\n\r\n${body}`);

  suite("HTTP", () => {
    test("HTTP/1.1 and HTTP/2 with prior knowledge on the same port, towards HTTP/1.1", async () => {
      for (const protocol of ["http1", "h2"] as const) {
        const { status, httpVersion } = await gateway.get("shop.test", "/v", {
          protocol,
          method: "POST",
          body: "x".repeat(100_000),
        });
        assert.deepEqual([status, httpVersion], [200, protocol === "h2" ? "2.0" : "1.1"]);
        assert.deepEqual([lastRequest().httpVersion, lastRequest().body.length], ["1.1", 100_000]);
      }
    });

    test("towards HTTP/2 where the Service says so, from both", async () => {
      const modern = stack.use(
        await Upstream.start({ protocol: "h2c", respond: ({ httpVersion }) => ({ body: httpVersion }) }),
      );
      gateway.apply(
        together(service("team", "modern", [modern], H2C), ingress("team", "modern", "modern.test", "modern")),
      );
      await gateway.settled();
      for (const protocol of ["http1", "h2"] as const)
        assert.equal((await gateway.get("modern.test", "/", { protocol })).body, "2.0");
    });

    test("an answer that takes longer than the limit is 504; the limit is an Ingress's to set", async () => {
      const slow = stack.use(await Upstream.start({ respond: () => new Promise<never>(() => undefined) }));
      const annotations = { "projectcontour.io/response-timeout": "100ms" };
      gateway.apply(
        together(service("team", "slow", [slow]), ingress("team", "slow", "slow.test", "slow", { annotations })),
      );
      await gateway.settled();
      assert.equal((await gateway.get("slow.test", "/")).status, 504);
    });
  });

  suite("what a client says of itself", () => {
    test("the upstream gets the connection's address; what the client claims is not believed", async () => {
      await gateway.get("shop.test", "/", {
        headers: {
          "x-forwarded-for": "203.0.113.9",
          "x-forwarded-proto": "https",
          "x-envoy-external-address": "203.0.113.9",
        },
      });
      const { headers } = lastRequest();
      assert.deepEqual([headers["x-envoy-external-address"], headers["x-forwarded-proto"]], ["127.0.0.1", "http"]);
      // The claim stays as the first entry; whom it came from is the last one.
      const forwarded = String(headers["x-forwarded-for"]).split(",");
      assert.deepEqual([forwarded.length, forwarded[0]], [2, "203.0.113.9"]);
    });

    test("Envoy's own headers from a client change nothing", async () => {
      const before = upstream.requests.length;
      const { status, headers } = await gateway.get("shop.test", "/", {
        headers: {
          "x-envoy-upstream-rq-timeout-ms": "1",
          "x-envoy-max-retries": "9",
          "x-envoy-retry-on": "5xx",
          "x-envoy-upstream-alt-stat-name": "mine",
          "x-envoy-original-path": "/secret",
          "x-envoy-decorator-operation": "mine",
          "x-envoy-internal": "true",
          "x-envoy-force-trace": "1",
        },
      });
      assert.deepEqual([status, upstream.requests.length - before], [200, 1]);
      const passed = Object.keys(lastRequest().headers).filter((name) => name.startsWith("x-envoy-"));
      assert.deepEqual(passed.sort(), ["x-envoy-external-address"]);
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith("x-envoy-")),
        [],
      );
      upstream.respond = () => ({ status: 500 });
      await gateway.get("shop.test", "/", { headers: { "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "5" } });
      assert.equal(upstream.requests.length - before, 2);
      upstream.respond = () => ({ body: "ok\n" });
    });
  });

  suite("ambiguous requests are refused before they reach an upstream", () => {
    const refused = async (answer: Promise<RawAnswer>, status: number): Promise<void> => {
      const before = upstream.requests.length;
      const { status: found, text } = await answer;
      assert.equal(found, status, text);
      assert.equal(upstream.requests.length, before, "nothing reached the upstream");
    };
    test("two lengths", async () => {
      await refused(
        raw(
          "POST / HTTP/1.1\nhost: shop.test\ncontent-length: 4\ntransfer-encoding: chunked",
          "0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        ),
        400,
      );
      await refused(raw("POST / HTTP/1.1\nhost: shop.test\ncontent-length: 4\ncontent-length: 5", "abcde"), 400);
      await refused(raw("POST / HTTP/1.1\nhost: shop.test\ntransfer-encoding: chunked, identity", "0\r\n\r\n"), 501);
      await refused(raw("POST / HTTP/1.1\nhost: shop.test\ncontent-length: +4", "abcd"), 400);
      await refused(raw("POST / HTTP/1.1\nhost: shop.test\ntransfer-encoding: xchunked", "0\r\n\r\n"), 501);
    });
    test("header names that some servers read as others", async () => {
      await refused(raw("GET / HTTP/1.1\nhost: shop.test\ncontent_length: 4"), 400);
      await refused(raw("GET / HTTP/1.1\nhost: shop.test\nx-a : b"), 400);
      await refused(raw("POST / HTTP/1.1\nhost: shop.test\ntransfer-encoding : chunked", "0\r\n\r\n"), 400);
      await refused(raw("GET / HTTP/1.1\nhost: shop.test\nx-a: b\u0000c"), 400);
    });
    test("a folded line is one value (RFC 9112 §5.2)", async () => {
      await raw("GET / HTTP/1.1\nhost: shop.test\nx-a: b\n transfer-encoding: chunked\nconnection: close");
      const { headers } = lastRequest();
      assert.deepEqual([headers["x-a"], headers["transfer-encoding"]], ["b transfer-encoding: chunked", undefined]);
    });
    test("no host, and two", async () => {
      await refused(raw("GET / HTTP/1.1\nx-a: b"), 400);
      // Envoy makes one name of them, which is nobody's.
      await refused(raw("GET / HTTP/1.1\nhost: shop.test\nhost: other.test"), 404);
      await refused(raw("GET / HTTP/1.0\nhost: shop.test"), 426);
    });
    test("too many and too large headers", async () => {
      await refused(raw(`GET / HTTP/1.1\nhost: shop.test\nx-a: ${"a".repeat(70_000)}`), 431);
      await refused(
        raw(
          `GET / HTTP/1.1\nhost: shop.test\n${Array.from({ length: 200 }, (_, index) => `x-${index}: a`).join("\n")}`,
        ),
        431,
      );
    });
  });

  test("paths are made plain before they are routed, so that a prefix cannot be left", async () => {
    const seen: Record<string, number | string> = {};
    for (const path of [
      "/open/x",
      "/open/../secret",
      "/open/./x",
      "/open//x",
      "//open/x",
      "/open/%2e%2e/secret",
      "/secret/../open/x",
      "/OPEN/x",
    ]) {
      const { status } = await raw(`GET ${path} HTTP/1.1\nhost: paths.test\nconnection: close`);
      seen[path] = status === 200 ? lastRequest().path : status;
    }
    assert.deepEqual(seen, {
      "/open/x": "/open/x",
      "/open/../secret": 404,
      "/open/./x": "/open/x",
      "/open//x": "/open/x",
      "//open/x": "/open/x",
      "/open/%2e%2e/secret": 404,
      "/secret/../open/x": "/open/x",
      "/OPEN/x": 404,
    });
  });

  test("an escaped slash is redirected to the path that it means", async () => {
    const { status, text } = await raw("GET /open%2Fx HTTP/1.1\nhost: paths.test");
    assert.equal(status, 307);
    assert.match(text, /\r\nlocation: \/open\/x\r\n/);
    assert.match((await raw("GET /open%2F..%2Fsecret HTTP/1.1\nhost: paths.test")).text, /\r\nlocation: \/secret\r\n/);
  });

  test("a request target with a host of its own is for that host", async () => {
    const { status } = await raw("GET http://paths.test/open/x HTTP/1.1\nhost: shop.test\nconnection: close");
    assert.deepEqual([status, lastRequest().headers.host], [200, "paths.test"]);
  });

  test("CONNECT is nobody's", async () => {
    const { status } = await raw("CONNECT shop.test:80 HTTP/1.1\nhost: shop.test:80");
    assert.equal(status, 404);
  });

  suite("WebSocket", () => {
    test("upgrades, both ways, and outlives the time limit of an answer", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const sockets = new WebSocketServer({ server });
      sockets.on("connection", (socket) =>
        socket.on("message", (data) => socket.send(`echo ${(data as Buffer).toString()}`)),
      );
      stack.defer(() => {
        for (const socket of sockets.clients) socket.terminate();
        sockets.close();
        server.close();
      });
      // Long enough for an upgrade on a machine that is busy with others.
      const annotations = { "projectcontour.io/response-timeout": "1s" };
      gateway.apply(
        together(
          service("team", "chat", [{ host: "127.0.0.1", port: listeningPort(server) }]),
          ingress("team", "chat", "chat.test", "chat", { annotations }),
        ),
      );
      await gateway.settled();
      const client = new WebSocket(`ws://127.0.0.1:${gateway.httpPort}/`, { headers: { host: "chat.test" } });
      await once(client, "open");
      const opened = performance.now();
      // The clock of the limit is Envoy's: messages are exchanged until it must have run out twice.
      for (let message = 0; performance.now() - opened < 2200; message++) {
        client.send(String(message));
        const [reply] = (await once(client, "message")) as [Buffer];
        assert.equal(reply.toString(), `echo ${message}`);
      }
      assert.equal(client.readyState, WebSocket.OPEN);
      client.close();
      await once(client, "close");
    });

    test("an upgrade that the upstream does not take is an ordinary answer", async () => {
      const client = new WebSocket(`ws://127.0.0.1:${gateway.httpPort}/`, { headers: { host: "shop.test" } });
      const [error] = (await once(client, "error")) as [Error];
      assert.match(error.message, /Unexpected server response: 200/);
    });
  });

  test("headers that never end are given up after ten seconds", async () => {
    const before = upstream.requests.length;
    assert.deepEqual([(await slow).status, upstream.requests.length], [408, before]);
  });
});
