import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import express from "express";
import { silentLogger } from "#lib/log.ts";
import { world as trafficWorld } from "#traffic/core-for-tests.ts";
import { answerProblems } from "../answer-problems.ts";
import { principalOfRole } from "../auth/principal.ts";
import { setAuthentication } from "./request-principal.ts";
import { trafficRoutes } from "./traffic.ts";

/** The routes alone, with a clock of the test's own, for whoever says who it is. */
async function world(t: TestContext) {
  const clock = { now: 0 };
  const { core } = trafficWorld();
  const app = express();
  app.use((request, _response, next) => {
    const principal = principalOfRole(String(request.headers["x-user"]), "viewer", "all");
    setAuthentication(request, { type: "token", principal, grounds: { type: "token" } });
    next();
  });
  app.use(
    trafficRoutes({ ...unused, snapshot: core.snapshot.bind(core), history: core.history.bind(core) }, () => clock.now),
  );
  app.use(answerProblems(silentLogger, { answered: () => {}, authFailed: () => {} }));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, user = "ann"): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { "x-user": user, connection: "close" } });
  return { clock, ask };
}

const never = (): never => {
  throw new Error("nobody asks for it");
};
const unused = { open: never, sampling: never, markers: never, pins: never, pin: never, unpin: never };

for (const [path, perSecond] of [
  ["/traffic/totals", 1],
  ["/traffic/requests", 2],
] as const) {
  test(`each user asks ${path} ten times at once and then ${perSecond} a second`, async (t) => {
    const { clock, ask } = await world(t);
    for (let index = 0; index < 10; index++) assert.equal((await ask(`${path}?host=a${index}`)).status, 200);
    const refused = await ask(path);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
    assert.deepEqual(await refused.json(), {
      title: "Too many questions",
      detail: `you asked more often than 10 times at once and then ${perSecond} a second`,
      fix: "ask again in 1 s",
    });
    assert.equal((await ask(path, "bob")).status, 200, "another user's questions are their own");
    assert.equal((await ask(path === "/traffic/totals" ? "/traffic/requests" : "/traffic/totals")).status, 200);
    clock.now += 1000;
    for (let index = 0; index < perSecond; index++) assert.equal((await ask(path)).status, 200, "a second later");
    assert.equal((await ask(path)).status, 429);
  });
}
