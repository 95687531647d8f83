import assert from "node:assert/strict";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import type { StatusAnswer } from "#api/answers.ts";
import { tokenHash, type UserSettings } from "#api/auth/users.ts";
import { hashPassword } from "#lib/password-hash.ts";
import { ApiSetting, cookieOf } from "../browser/simulated/api-setting.ts";
import { twoTeams } from "./support/two-teams.ts";

const PASSWORD = "correct horse battery";
const SUE: UserSettings = {
  name: "sue",
  passwordHash: await hashPassword(PASSWORD),
  tokenHashes: [tokenHash("sues-token")],
  role: "operator",
  namespaces: ["team-shop"],
};

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function start(t: TestContext): Promise<ApiSetting> {
  return ApiSetting.start(t, { users: [SUE] });
}

function signIn(setting: ApiSetting, form: Readonly<Record<string, string>>) {
  return setting.anonymous("/sign-in", {
    method: "POST",
    body: new URLSearchParams(form).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: setting.api.url },
  });
}

const status = (setting: ApiSetting, headers: Readonly<Record<string, string>>) =>
  setting.anonymous("/api/v1/status", { headers });

test("a user comes in by password, by token and by the sign-in page, with their own rights each time", async (t) => {
  const setting = await start(t);
  const entered = await signIn(setting, { name: "sue", password: PASSWORD });
  assert.equal(entered.status, 303);
  const byToken = await signIn(setting, { token: " sues-token\n" });
  for (const headers of [
    basic("sue", PASSWORD),
    bearer("sues-token"),
    { cookie: cookieOf(entered) },
    { cookie: cookieOf(byToken) },
  ]) {
    const answer = await status(setting, headers);
    assert.equal(answer.status, 200);
    const { principal }: StatusAnswer = JSON.parse(answer.body);
    assert.deepEqual(principal, {
      name: "sue",
      role: "operator",
      namespaces: ["team-shop"],
      operates: ["team-shop"],
    });
  }
});

test("nobody comes in with a wrong password, an unknown name, an empty one, or what stands in the file", async (t) => {
  const setting = await start(t);
  for (const headers of [
    basic("sue", "wrong"),
    basic("ben", PASSWORD),
    basic("", ""),
    basic("sue", SUE.passwordHash ?? ""),
    bearer(tokenHash("sues-token")),
    { authorization: "Basic c3Vl" },
    { authorization: "Digest x" },
  ]) {
    assert.equal((await status(setting, headers)).status, 401, headers.authorization);
  }
  assert.equal((await signIn(setting, { name: "sue", password: "wrong" })).status, 401);
});

test("the page asks for name and password where there are users, and for the token alone where there are none", async (t) => {
  const page = async (setting: ApiSetting) => (await setting.anonymous("/sign-in")).body;
  assert.match(await page(await start(t)), /name="password"/);
  const without = await page(await ApiSetting.start(t));
  assert.doesNotMatch(without, /name="password"/);
  assert.match(without, /name="token"/);
});

test("guessing passwords is slowed; who has come in, and whose credentials are known, go on", async (t) => {
  const setting = await start(t);
  const entered = { cookie: cookieOf(await signIn(setting, { name: "sue", password: PASSWORD })) };
  for (let guess = 0; guess < 9; guess++) await status(setting, bearer(`guess ${guess}`.replace(" ", "-")));
  assert.equal((await status(setting, basic("sue", "wrong"))).status, 429);
  assert.equal((await status(setting, basic("ben", "any"))).status, 429);
  const byHand = await signIn(setting, { name: "sue", password: PASSWORD });
  assert.equal(byHand.status, 429);
  for (const headers of [entered, basic("sue", PASSWORD), bearer("sues-token"), setting.bearer]) {
    assert.equal((await status(setting, headers)).status, 200, JSON.stringify(headers));
  }
});

test("a user who is removed or changed is out at once: requests, sessions and live views", async (t) => {
  const setting = await start(t);
  const cookie = cookieOf(await signIn(setting, { name: "sue", password: PASSWORD }));
  const views = [
    await setting.socket({ cookie, origin: setting.api.url }),
    await setting.socket(bearer("sues-token")),
    await setting.socket(basic("sue", PASSWORD)),
  ];
  const other = await setting.socket();
  const closed = views.map((view) => once(view, "close"));
  setting.api.setUsers([{ ...SUE, namespaces: ["team-blog"] }]);
  assert.deepEqual(
    (await Promise.all(closed)).map(([code]: unknown[]) => code),
    [4401, 4401, 4401],
  );
  assert.equal(other.readyState, other.OPEN);
  assert.equal((await status(setting, { cookie })).status, 401, "the session was begun with other rights");
  const { principal }: StatusAnswer = JSON.parse((await status(setting, bearer("sues-token"))).body);
  assert.deepEqual(principal.namespaces, ["team-blog"], "the token has the new ones");
  setting.api.setUsers([]);
  for (const headers of [{ cookie }, bearer("sues-token"), basic("sue", PASSWORD)]) {
    assert.equal((await status(setting, headers)).status, 401);
  }
  setting.api.setUsers([SUE]);
  assert.equal((await status(setting, { cookie })).status, 200, "a session is its user's as long as they are the same");
});

test("one user's live views leave room for others", async (t) => {
  const setting = await ApiSetting.start(t, { users: [SUE], mostSockets: 8 });
  for (let view = 0; view < 2; view++) await setting.socket(bearer("sues-token"));
  assert.equal((await setting.refusedSocket(bearer("sues-token"))).status, 503);
  assert.equal((await setting.refusedSocket(basic("sue", PASSWORD))).status, 503, "by whichever credentials");
  for (let view = 0; view < 6; view++) await setting.socket();
  assert.equal((await setting.refusedSocket(setting.bearer)).status, 503);
});

test("a user's watch ends when their rights change, and the token's goes on", async (t) => {
  const setting = await ApiSetting.start(t, { ...(await twoTeams(t)), users: [SUE] });
  const stop = new AbortController();
  /** Resolves once the watch has told something, with what tells how it ends. */
  const watch = async (headers: Readonly<Record<string, string>>) => {
    const url = `${setting.api.url}/k8s/api/v1/services?watch=1`;
    const events = (await fetch(url, { headers, signal: stop.signal })).body?.getReader();
    assert.ok(events);
    assert.match(Buffer.from((await events.read()).value ?? []).toString(), /team-shop/);
    const end = async (): Promise<string> => {
      for (;;) if ((await events.read()).done) return "ended";
    };
    return { end: end().catch(() => "stopped by us") };
  };
  const [hers, ours] = [await watch(bearer("sues-token")), await watch(setting.bearer)];
  setting.api.setUsers([{ ...SUE, role: "viewer" }]);
  assert.equal(await hers.end, "ended");
  stop.abort();
  assert.equal(await ours.end, "stopped by us");
});

test("a user cannot make links that sign in as the operator", async (t) => {
  const setting = await ApiSetting.start(t, { users: [{ ...SUE, role: "admin", namespaces: "all" }] });
  for (const headers of [bearer("sues-token"), basic("sue", PASSWORD)]) {
    assert.equal((await setting.anonymous("/api/v1/sign-in-links", { method: "POST", headers })).status, 403);
  }
});
