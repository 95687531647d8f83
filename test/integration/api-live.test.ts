import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { WebSocket } from "ws";
import type { TrafficClient } from "#api/ports/traffic.ts";
import type { ServerMessage } from "#traffic/messages.ts";
import { ApiSetting, cookieOf, headerOf } from "../browser/simulated/api-setting.ts";
import { SimulatedTraffic } from "../browser/simulated/simulated-traffic.ts";
import { startSimulated } from "../browser/simulated/start-simulated.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { httpGet } from "./support/http-get.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";

async function messageOf(webSocket: WebSocket): Promise<ServerMessage> {
  const [data] = await once(webSocket, "message");
  return JSON.parse(String(data));
}

test("live traffic: a full picture, then changes; a filter is replaced without another socket", async (t) => {
  const traffic = new SimulatedTraffic(1);
  const setting = await ApiSetting.start(t, { traffic });
  const live = await setting.socket(setting.bearer);
  const first = messageOf(live);
  live.send(JSON.stringify({ type: "subscribe", recentRows: 10 }));
  const picture = await first;
  assert.equal(picture.type === "snapshot" && picture.requests.length, 10);
  const next = messageOf(live);
  traffic.burst(20);
  const delta = await next;
  assert.equal(delta.type === "delta" && delta.sequence, 2);
  const replaced = messageOf(live);
  live.send(JSON.stringify({ type: "subscribe", filter: { hosts: ["blog.localhost"] } }));
  const blog = await replaced;
  assert.ok(blog.type === "snapshot");
  assert.deepEqual([...new Set(blog.requests.map(({ host }) => host))], ["blog.localhost"]);
  live.terminate();
});

test("a client that sends too much, or what is no text, is cut; others go on", async (t) => {
  const setting = await ApiSetting.start(t);
  const headers = setting.bearer;
  const many = await setting.socket(headers);
  const large = await setting.socket(headers);
  const binary = await setting.socket(headers);
  const quiet = await setting.socket(headers);
  const closes = [many, large, binary].map((webSocket) => once(webSocket, "close"));
  for (let message = 0; message < 200; message++) many.send('{"type":"pause"}');
  large.send("x".repeat(100_000));
  binary.send(Buffer.from("{}"));
  assert.deepEqual(
    (await Promise.all(closes)).map(([code]) => code),
    [1008, 1009, 1008],
  );
  assert.equal(quiet.readyState, WebSocket.OPEN);
  quiet.terminate();
});

test("a reader that reads nothing is given nothing more once its budget is full, and others keep getting frames", async (t) => {
  const traffic = new SimulatedTraffic(1);
  const clients: TrafficClient[] = [];
  const open = traffic.open.bind(traffic);
  traffic.open = (client) => {
    clients.push(client);
    return open(client);
  };
  const setting = await ApiSetting.start(t, { traffic });
  const stuck = connect(setting.api.port, "127.0.0.1");
  stuck.write(
    `GET /api/v1/traffic HTTP/1.1\r\nHost: ${setting.host}\r\nAuthorization: Bearer ${setting.token}\r\nConnection: Upgrade\r\n` +
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await once(stuck, "data");
  stuck.pause();
  stuck.write(maskedText('{"type":"subscribe","rowsPerSecond":500,"recentRows":2000}'));
  t.after(() => stuck.destroy());

  const live = await setting.socket(setting.bearer);
  let frames = 0;
  live.on("message", () => frames++);
  const answered = once(live, "message");
  live.send('{"type":"subscribe","rowsPerSecond":500}');
  await answered;
  const bursts = 60;
  for (let burst = 0; burst < bursts; burst++) {
    const next = once(live, "message");
    traffic.burst(500);
    await next;
  }
  assert.equal(frames, 1 + bursts);
  assert.deepEqual(
    clients.map((client) => client.isReady()),
    [false, true],
  );
  live.terminate();
});

test("no more live views than the setting allows", async (t) => {
  const setting = await ApiSetting.start(t, { mostSockets: 1 });
  const headers = setting.bearer;
  const first = await setting.socket(headers);
  assert.equal((await setting.refusedSocket(headers)).status, 503);
  first.terminate();
});

test("stopping closes live views with 1001, refuses what comes later and is over at once when nothing runs", async (t) => {
  const setting = await ApiSetting.start(t);
  const live = await setting.socket(setting.bearer);
  const closed = once(live, "close");
  await setting.api[Symbol.asyncDispose]();
  assert.equal((await closed)[0], 1001);
  await assert.rejects(httpGet({ port: setting.api.port }, "/healthz"), { code: "ECONNREFUSED" });
});

test("a port that is taken is said so, and a start that failed leaves nothing open", async (t) => {
  const setting = await ApiSetting.start(t);
  await assert.rejects(
    startSimulated(setting.stateDirectory, setting.token, { port: setting.api.port }),
    new RegExp(`cannot listen on 127.0.0.1:${setting.api.port}`),
  );
});

test("beyond loopback it starts with TLS only", async () => {
  await using directory = await temporaryDirectory("api-open");
  for (const address of ["0.0.0.0", "::", "192.0.2.1"]) {
    await assert.rejects(
      startSimulated(directory.path, "t".repeat(43), { address }),
      /without TLS: set api.tls, or api.address to 127.0.0.1/,
    );
  }
});

test("with TLS the cookie is bound to the host and to TLS", async (t) => {
  await using directory = await temporaryDirectory("api-tls");
  const [certificate, key] = [join(directory.path, "crt.pem"), join(directory.path, "key.pem")];
  const authority = certificateAuthority();
  const first = authority.issue(["localhost", "127.0.0.1"]);
  await writeFile(certificate, first.cert);
  await writeFile(key, first.key, { mode: 0o600 });
  const setting = await ApiSetting.start(t, { tls: { certificate, key } });
  assert.match(setting.api.url, /^https:/);
  const tls = { servername: "localhost", ca: authority.cert };
  const { pathname, search } = new URL(setting.api.mintSignInLink().url);
  const answer = await setting.anonymous(pathname + search, { tls });
  assert.match(
    answer.headers["set-cookie"]?.[0] ?? "",
    /^__Host-binnacle_session=.*; Path=\/;.*; HttpOnly; Secure; SameSite=Strict$/,
  );
  assert.match(headerOf(answer, "strict-transport-security"), /max-age=/);
  assert.equal((await setting.anonymous("/api/v1/status", { tls, headers: { cookie: cookieOf(answer) } })).status, 200);
});

/** A text frame as a client sends it (RFC 6455 §5.3), masked with zeros. */
function maskedText(message: string): Buffer {
  const payload = Buffer.from(message);
  if (payload.length > 125) throw new Error("too long for a short frame");
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
