import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { WebSocket } from "ws";
import type { Api } from "#api/api.ts";
import { API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE, OwnAuthority } from "#api/tls/own-authority.ts";
import { silentLogger } from "#lib/log.ts";
import { startSimulated } from "../browser/simulated/start-simulated.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";

const TOKEN = "t".repeat(43);
const headers = { authorization: `Bearer ${TOKEN}` };

async function start(t: TestContext): Promise<{ readonly api: Api; readonly ca: Buffer }> {
  const state = await temporaryDirectory("tls");
  t.after(() => state[Symbol.asyncDispose]());
  const names = ["127.0.0.1", "localhost"];
  const options = { stateDirectory: state.path, names, log: silentLogger, now: Date.now };
  const api = await startSimulated(state.path, TOKEN, { ownAuthority: await OwnAuthority.open(options) });
  const ca = await readFile(join(state.path, API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE));
  return { api, ca };
}

async function ask(port: number, ca: Buffer, path: string): Promise<string> {
  const request = get({ host: "127.0.0.1", port, ca, path, headers, agent: false });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return text(answer);
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

test("one port answers plain HTTP, and TLS by its own authority, also where the first byte comes alone", async (t) => {
  const { api, ca } = await start(t);
  t.after(() => api[Symbol.asyncDispose]());
  assert.match(await ask(api.port, ca, "/api/v1/status"), /"version"/);
  assert.match(await (await fetch(`${api.url}/api/v1/status`, { headers })).text(), /"version"/);
  const slow = await opened(api.port);
  slow.setNoDelay();
  slow.write("G");
  const answered = text(slow);
  slow.write(`ET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nConnection: close\r\n\r\n`);
  assert.match(await answered, /^HTTP\/1\.1 200/);
  await assert.rejects(ask(api.port, Buffer.from(""), "/healthz"), "another authority is not ours");
});

test("a live view opens over TLS, too", async (t) => {
  const { api, ca } = await start(t);
  t.after(() => api[Symbol.asyncDispose]());
  const live = new WebSocket(`wss://127.0.0.1:${api.port}/api/v1/traffic`, { headers, ca });
  await once(live, "open");
  live.close();
  await once(live, "close");
});

test("connections that said nothing, or not yet enough, do not keep it from stopping", async (t) => {
  const { api, ca } = await start(t);
  const silent = await opened(api.port);
  const halfShaken = await opened(api.port);
  halfShaken.write(Buffer.from([0x16, 0x03, 0x01]));
  const idle = connectTls({ port: api.port, host: "127.0.0.1", ca });
  idle.on("error", () => {});
  await once(idle, "secureConnect");
  const closed = [silent, halfShaken, idle].map((socket) => once(socket, "close"));
  for (const socket of [silent, halfShaken, idle]) socket.resume();
  await api[Symbol.asyncDispose]();
  await Promise.all(closed);
});
