import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { createSecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";
import { certificateAuthority } from "./certificate.ts";
import { listeningPort } from "./free-port.ts";
import { httpGet } from "./http-get.ts";
import { temporaryDirectory } from "./temp-dir.ts";
import { until } from "./until.ts";
import { Upstream } from "./upstream.ts";

test("a request carries the Host it is given to the address it is given", async () => {
  await using upstream = await Upstream.start();
  const answer = await httpGet({ port: upstream.port }, "/a?b=1", { host: "shop.example", method: "POST", body: "x" });
  assert.deepEqual([answer.status, answer.body, answer.httpVersion], [200, "ok\n", "1.1"]);
  const [request] = upstream.requests;
  assert.deepEqual([request?.headers.host, request?.path, request?.body], ["shop.example", "/a?b=1", "x"]);
});

test("h2c speaks HTTP/2 with prior knowledge", async () => {
  await using upstream = await Upstream.start({ protocol: "h2c", respond: () => ({ status: 418, body: "tea" }) });
  const answer = await httpGet({ port: upstream.port }, "/", { protocol: "h2", host: "tea.example" });
  assert.deepEqual([answer.status, answer.body, answer.httpVersion], [418, "tea", "2.0"]);
  assert.equal(upstream.requests[0]?.headers[":authority"], "tea.example");
});

test("a Unix socket is a destination", async () => {
  await using directory = await temporaryDirectory();
  const socketPath = join(directory.path, "s");
  const server = createServer((request, response) => response.end(request.headers.host)).listen(socketPath);
  await once(server, "listening");
  const answer = await httpGet({ socketPath }, "/", { host: "inside" });
  assert.equal(answer.body, "inside");
  server.close();
});

test("an upstream that drops the connection, and one that is gone, reject", async () => {
  const upstream = await Upstream.start({ respond: () => "close" });
  await assert.rejects(httpGet({ port: upstream.port }, "/"), /hang up|ECONNRESET/);
  await upstream[Symbol.asyncDispose]();
  await assert.rejects(httpGet({ port: upstream.port }, "/"), /ECONNREFUSED/);
  await assert.rejects(httpGet({ port: upstream.port }, "/", { protocol: "h2" }), /ECONNREFUSED/);
});

test("a wait that fails says what it last saw", async () => {
  await assert.rejects(
    until(() => ({ status: 503 }), { accept: (answer) => answer.status === 200, what: "a 200", timeoutMs: 50 }),
    /waited for a 200, but 50 ms passed; last seen: \{ status: 503 \}/,
  );
});

test("TLS goes by the name in the handshake, for both protocols, with a client certificate", async () => {
  const authority = certificateAuthority();
  const server = createSecureServer({
    ...authority.issue(["shop.example", "127.0.0.1"]),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
    allowHTTP1: true,
  });
  server.on("request", (request, response) => {
    const { servername } = request.socket as TLSSocket & { servername: string };
    response.end(`${request.httpVersion} ${servername} ${request.authority ?? request.headers.host}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = listeningPort(server);
  const tls = { servername: "shop.example", ca: authority.cert, ...authority.issue(["client.example"]) };
  for (const [protocol, version] of [
    ["http1", "1.1"],
    ["h2", "2.0"],
  ] as const) {
    const answer = await httpGet({ port }, "/", { protocol, host: "h.example", tls });
    assert.equal(answer.body, `${version} shop.example h.example`);
    await assert.rejects(httpGet({ port }, "/", { protocol, tls: { ...tls, servername: "x.example" } }), /altnames/);
    const expired = authority.issue(["client.example"], { until: new Date(Date.now() - 1000) });
    await assert.rejects(httpGet({ port }, "/", { protocol, tls: { ...tls, ...expired } }));
  }
  server.close();
});
