import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { ApiProblem } from "../api-problem.ts";
import type { ClusterAccess, ClusterUser } from "../ports/cluster-access.ts";
import { ClusterUsers } from "./cluster-users.ts";

const SUE: ClusterUser = { username: "sue", uid: "1", groups: ["team-shop"], extra: {} };

/** A cluster with one user, whose rights and reach the test changes. */
function cluster() {
  const state = {
    now: 0,
    away: false,
    namespaces: ["team-blog", "team-shop"],
    /** `read team-shop`; `read ` is everywhere. */
    rights: new Set(["read team-shop", "operate team-shop", "operate team-blog"]),
    calls: [] as string[],
  };
  const called = (what: string): void => {
    state.calls.push(what);
    if (state.away) throw new Error("connection refused");
  };
  const access: ClusterAccess = {
    whoIs: async (token) => {
      called("whoIs");
      return token === "sues" ? SUE : undefined;
    },
    may: async ({ username }, right, namespace) => {
      called(`${right} ${namespace}`);
      return username === "sue" && state.rights.has(`${right} ${namespace}`);
    },
    namespaces: () => state.namespaces,
  };
  const users = new ClusterUsers({ access, log: silentLogger, now: () => state.now });
  return { state, ask: (token = "sues") => users.ofToken(token, () => {}), users };
}

test("a token's user sees and operates where the cluster says so, and operates nothing that they do not see", async () => {
  const { ask, state } = cluster();
  const scope = new Set(["team-shop"]);
  assert.deepEqual(await ask(), { name: "sue", namespaces: scope, operates: scope, admin: false });
  assert.equal(await ask("another"), undefined);
  assert.deepEqual(state.calls.slice(0, 3), ["whoIs", "administer ", "read "]);
});

test("rights everywhere are one question, not one for each namespace", async () => {
  const { ask, state } = cluster();
  state.rights = new Set(["read "]);
  assert.deepEqual((await ask())?.namespaces, "all");
  assert.equal(state.calls.includes("read team-shop"), false);
  const { ask: other, state: admin } = cluster();
  admin.rights = new Set(["administer "]);
  assert.deepEqual(await other(), { name: "sue", namespaces: "all", operates: "all", admin: true });
  assert.deepEqual(admin.calls, ["whoIs", "administer "]);
});

test("what was answered is good for a minute, together and at the same time", async () => {
  const { ask, state } = cluster();
  await Promise.all(Array.from({ length: 20 }, () => ask()));
  const once = state.calls.length;
  assert.equal(state.calls.filter((call) => call === "whoIs").length, 1);
  state.now = 39_999;
  await ask();
  assert.equal(state.calls.length, once);
  state.rights = new Set();
  state.now = 60_000;
  assert.deepEqual((await ask())?.namespaces, new Set());
  assert.equal(state.calls.length > once, true);
});

test("what is used is asked for again before its time is over, beside its use", async () => {
  const { ask, state } = cluster();
  await ask();
  const once = state.calls.length;
  state.now = 40_000;
  state.rights.delete("operate team-shop");
  await ask();
  assert.equal(state.calls.length, 2 * once, "all of it");
  state.now = 45_000;
  assert.deepEqual((await ask())?.operates, new Set(), "what was withdrawn is seen before the minute is over");
  state.away = true;
  state.now = 99_999;
  assert.deepEqual((await ask())?.namespaces, new Set(["team-shop"]), "and it is good for another minute");
  state.now = 100_000;
  await assert.rejects(ask(), { status: 503 });
});

test("a namespace that comes is asked for some seconds later, alone", async () => {
  const { ask, state } = cluster();
  await ask();
  state.namespaces = ["team-blog", "team-new", "team-shop"];
  state.rights.add("read team-new");
  state.calls = [];
  state.now = 5_000;
  assert.deepEqual((await ask())?.namespaces, new Set(["team-new", "team-shop"]));
  assert.deepEqual(state.calls, ["read team-new", "operate team-new"]);
});

test("while the cluster is away what is known goes on until its time is over, then it is 503 and never more", async () => {
  const { ask, state } = cluster();
  await ask();
  state.away = true;
  state.now = 59_999;
  assert.deepEqual((await ask())?.namespaces, new Set(["team-shop"]));
  state.now = 60_000;
  await assert.rejects(ask(), { status: 503 });
  await assert.rejects(ask("unknown"), { status: 503 });
  state.away = false;
  assert.deepEqual((await ask())?.namespaces, new Set(["team-shop"]), "a failure is not remembered");
});

test("a refused token is not asked about again for ten seconds, and guesses pass the door that slows them", async () => {
  const { users, state } = cluster();
  const closed = new ApiProblem(429, "", "", "");
  const shut = (): never => {
    throw closed;
  };
  assert.equal(await users.ofToken("wrong", () => {}), undefined);
  assert.equal(await users.ofToken("wrong", shut), undefined);
  assert.deepEqual(state.calls, ["whoIs"]);
  await assert.rejects(users.ofToken("other", shut), closed);
  state.now = 10_000;
  await assert.rejects(users.ofToken("wrong", shut), closed);
  assert.deepEqual(state.calls, ["whoIs"]);
});

test("a thousand namespaces are asked for some at a time", async () => {
  let running = 0;
  let most = 0;
  const access: ClusterAccess = {
    whoIs: async () => SUE,
    may: async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return false;
    },
    namespaces: () => Array.from({ length: 1000 }, (_, index) => `team-${index}`),
  };
  const users = new ClusterUsers({ access, log: silentLogger, now: () => 0 });
  assert.deepEqual((await users.ofToken("sues", () => {}))?.namespaces, new Set());
  assert.ok(most > 1 && most <= 16, `${most} at a time`);
});
