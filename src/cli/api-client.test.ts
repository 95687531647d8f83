import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { remoteClient } from "./api-client.ts";

/** An API that lets nobody ask before `refusals` others did. */
async function world(t: TestContext, refusals: number, retryAfter: string | undefined) {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.setHeader("content-type", "application/json");
    if (asked > refusals) return response.end('{"ok":true}');
    if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
    response.statusCode = 429;
    return response.end('{"title":"Too many questions","detail":"you asked too often","fix":"ask again in 1 s"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const place = { url: `http://127.0.0.1:${port}`, token: "token", tokenFile: "token" };
  return { client: (signal: AbortSignal) => remoteClient(place, signal), asked: () => asked, server };
}

test("who asks too often is told when to ask again, and does", async (t) => {
  const { client, asked } = await world(t, 1, "1");
  assert.deepEqual(await client(t.signal).get("/traffic/totals"), { ok: true });
  assert.equal(asked(), 2);
});

for (const [what, retryAfter] of [
  ["no time", undefined],
  ["a time that is too far away", "3600"],
] as const) {
  test(`a refusal that names ${what} is told in the API's words`, async (t) => {
    const { client, asked } = await world(t, 1, retryAfter);
    await assert.rejects(client(t.signal).get("/traffic/totals"), /Too many questions: you asked too often/);
    assert.equal(asked(), 1);
  });
}

test("who waits to ask again ends with the command", async (t) => {
  const { client, server } = await world(t, 10, "5");
  const ended = new AbortController();
  server.once("request", (_request, response) => response.once("close", () => ended.abort()));
  await assert.rejects(client(ended.signal).get("/traffic/totals"), { name: "AbortError" });
});
