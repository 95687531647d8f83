import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { tokenHash } from "#api/auth/users.ts";
import type { TrafficClient } from "#api/ports/traffic.ts";
import { ApiSetting } from "../browser/simulated/api-setting.ts";
import { SimulatedTraffic } from "../browser/simulated/simulated-traffic.ts";
import { rawHttp } from "./support/raw-http.ts";
import { until } from "./support/until.ts";

test("the body of a GET reaches Prometheus neither as a body nor as a request of its own", async (t) => {
  const asked: string[] = [];
  const prometheus = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("ok");
  }).listen(0, "127.0.0.1");
  await once(prometheus, "listening");
  t.after(() => {
    prometheus.closeAllConnections();
    prometheus.close();
  });
  const { port } = prometheus.address() as AddressInfo;
  const target = { url: () => new URL(`http://127.0.0.1:${port}/prometheus`) };
  const setting = await ApiSetting.start(t, { monitoring: { prometheus: target } });
  const hidden = "GET /prometheus/debug/pprof/heap HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const framing of [
    `Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    `Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
  ]) {
    const head = `GET /prometheus/graph HTTP/1.1\r\nHost: 127.0.0.1:${setting.api.port}\r\nAuthorization: Bearer ${setting.token}\r\n`;
    assert.equal((await rawHttp(setting.api.port, `${head}${framing}`, (text) => text.endsWith("ok"))).status, 200);
  }
  // What came over the same connection before it has been read by then.
  await setting.get("/prometheus/graph?last");
  const last = "GET /prometheus/graph?last";
  assert.deepEqual(asked, ["GET /prometheus/graph", "GET /prometheus/graph", last]);
});

for (const [what, bytes] of [
  ["that is no HTTP", "nonsense\r\n\r\n"],
  [
    "whose upgrade is refused",
    "GET /api/v1/traffic HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  ],
] as const) {
  test(`a connection ${what} is gone although its client keeps it open`, async (t) => {
    const setting = await ApiSetting.start(t);
    const socket = connect({ port: setting.api.port, host: "127.0.0.1", allowHalfOpen: true });
    t.after(() => socket.destroy());
    let isCut = false;
    socket.on("error", () => (isCut = true)).resume();
    socket.write(bytes);
    await once(socket, "end");
    const isGone = (): boolean => {
      if (!isCut) socket.write("x");
      return isCut;
    };
    await until(isGone, { what: "the connection to be cut" });
  });
}

test("a request that offers HTTP/2 as well is answered as it is", async (t) => {
  const setting = await ApiSetting.start(t);
  const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
  const answer = await rawHttp(
    setting.api.port,
    `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${setting.api.port}\r\n${offer}`,
  );
  assert.equal(answer.status, 200);
});

test("who was signed out is not listened to while their socket takes its time to close", async (t) => {
  const heard: string[] = [];
  class Recording extends SimulatedTraffic {
    override open(client: TrafficClient) {
      const session = super.open(client);
      const receive = (text: string): void => {
        heard.push(text);
        session.receive(text);
      };
      return { receive, close: () => session.close() };
    }
  }
  const users = [
    { name: "ann", tokenHashes: [tokenHash("ann's")], role: "operator", namespaces: ["team-shop"] },
  ] as const;
  const setting = await ApiSetting.start(t, { traffic: new Recording(1), users });
  const socket = connect(setting.api.port, "127.0.0.1");
  t.after(() => socket.destroy());
  const got = (wanted: (bytes: Buffer) => boolean): Promise<unknown> =>
    until(() => wanted(Buffer.concat(received)), { what: "an answer" });
  const received: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => received.push(bytes));
  socket.write(
    `GET /api/v1/traffic HTTP/1.1\r\nHost: 127.0.0.1:${setting.api.port}\r\nAuthorization: Bearer ann's\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await got((bytes) => bytes.includes("\r\n\r\n"));
  setting.api.setUsers([]);
  await got((bytes) => bytes.includes("the session is over"));
  // A pin, then the close that was waited for; masked with zeroes (RFC 6455 §5.2).
  const pin = Buffer.from('{"type":"pin","pin":{"host":"shop.localhost"}}');
  const closed = once(socket, "close");
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | pin.length, 0, 0, 0, 0]), pin]));
  socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
  await closed;
  assert.deepEqual(heard, []);
});
