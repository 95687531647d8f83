import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import express from "express";
import { silentLogger } from "#lib/log.ts";
import { answerProblems } from "../answer-problems.ts";
import { principalOfRole } from "../auth/principal.ts";
import type { ChangePlan } from "../ports/diff.ts";
import { diffRoutes } from "./diff.ts";
import { setAuthentication } from "./request-principal.ts";

const NOTHING: ChangePlan = {
  objects: { added: [], changed: [], removed: [], unchanged: 0 },
  routes: [],
  hosts: [],
  problems: { appear: [], go: [] },
  envoy: [],
};
const VIEWER = { principal: principalOfRole("viewer", "viewer", "all"), grounds: { type: "token" } } as const;

/** The route alone, for a viewer of everything. */
async function world() {
  const app = express();
  const server = createServer(app);
  app.use((request, _response, next) => {
    setAuthentication(request, { type: "token", ...VIEWER });
    next();
    server.emit("arrival");
  });
  app.use(diffRoutes({ plan: () => Promise.resolve(NOTHING) }, () => 0));
  app.use(answerProblems(silentLogger, { answered: () => {}, authFailed: () => {} }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  /** A request that has come, and whose body does not end by itself. */
  const begin = async (): Promise<ClientRequest> => {
    const arrived = once(server, "arrival");
    const headers = { "content-type": "application/json" };
    const asked = httpRequest({ port, host: "127.0.0.1", path: "/diff", method: "POST", headers });
    asked.flushHeaders();
    await arrived;
    return asked;
  };
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { begin, close };
}

async function statusOf(asked: ClientRequest): Promise<number | undefined> {
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test("so many may send their manifests at once, and the next is told before its own are read", async (t) => {
  const { begin, close } = await world();
  t.after(close);
  const eight: ClientRequest[] = [];
  while (eight.length < 8) eight.push(await begin());
  const ninth = await begin();
  assert.equal(await statusOf(ninth), 429, "it has sent nothing of its body");
  ninth.destroy();
  for (const asked of eight) {
    asked.end('{"files":[]}');
    assert.equal(await statusOf(asked), 200);
  }
  const next = await begin();
  next.end('{"files":[]}');
  assert.equal(await statusOf(next), 200, "their places are free again");
});
