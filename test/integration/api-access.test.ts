import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import type { SignInLinkAnswer } from "#api/answers.ts";
import { ApiSetting, cookieOf, headerOf } from "../browser/simulated/api-setting.ts";

for (const path of [
  "/metrics",
  "/api/v1/status",
  "/api/v1/objects",
  "/api/v1/traffic/requests",
  "/prometheus/api/v1/query",
]) {
  test(`${path} answers nobody without the token`, async (t) => {
    const setting = await ApiSetting.start(t);
    const answers = [
      await setting.anonymous(path),
      await setting.anonymous(`${path}?token=${setting.token}`),
      await setting.anonymous(path, { headers: { authorization: "Bearer " } }),
      await setting.anonymous(path, { headers: { authorization: `Bearer ${setting.token.slice(1)}` } }),
      await setting.anonymous(path, {
        headers: { authorization: `Basic ${Buffer.from(`x:${setting.token}`).toString("base64")}` },
      }),
      await setting.anonymous(path, { headers: { cookie: `binnacle_session=${setting.token}` } }),
    ];
    for (const answer of answers) {
      assert.equal(answer.status, 401);
      assert.deepEqual(Object.keys(JSON.parse(answer.body)), ["title", "detail", "fix"]);
    }
    assert.notEqual((await setting.get(path)).status, 401);
  });
}

test("a sign-in link works once, leaves no secret in the address and sets a cookie that scripts cannot read", async (t) => {
  const setting = await ApiSetting.start(t);
  const { pathname, search } = new URL(setting.api.mintSignInLink().url);
  assert.equal((await setting.anonymous(pathname + search, { method: "HEAD" })).status, 401);
  const answer = await setting.anonymous(pathname + search);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.location, "/");
  const cookie = answer.headers["set-cookie"]?.[0] ?? "";
  assert.match(
    cookie,
    /^binnacle_session=[\w-]{43}; Max-Age=604800; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  const again = await setting.anonymous(pathname + search);
  assert.equal(again.status, 401);
  assert.equal(again.headers["set-cookie"], undefined);
  assert.equal((await setting.anonymous("/api/v1/status", { headers: { cookie: cookieOf(answer) } })).status, 200);
});

test("it may be called by the address that it listens on, whichever that is: Prometheus and the command line do", async (t) => {
  const setting = await ApiSetting.start(t, { address: "127.0.0.2" });
  const headers = { authorization: `Bearer ${setting.token}` };
  assert.match(setting.api.url, /^http:\/\/127\.0\.0\.2:/);
  assert.equal((await fetch(`${setting.api.url}/metrics`, { headers })).status, 200);
});

test("a link that is too old signs nobody in", async (t) => {
  let now = 1_000_000;
  const setting = await ApiSetting.start(t, { now: () => now });
  const { url, until } = setting.api.mintSignInLink(60_000);
  assert.equal(until, 1_060_000);
  now = until;
  assert.equal((await setting.anonymous(new URL(url).pathname + new URL(url).search)).status, 401);
});

test("the token signs in by hand, another one does not, and the page is never shown in a frame", async (t) => {
  const setting = await ApiSetting.start(t);
  const page = await setting.anonymous("/sign-in");
  assert.match(headerOf(page, "content-security-policy"), /frame-ancestors 'none'/);
  assert.doesNotMatch(headerOf(page, "content-security-policy"), /unsafe-inline/);
  const post = (value: string) =>
    setting.anonymous("/sign-in", {
      method: "POST",
      body: `token=${encodeURIComponent(value)}`,
      headers: { "content-type": "application/x-www-form-urlencoded", origin: setting.api.url },
    });
  assert.equal((await post("wrong")).status, 401);
  const right = await post(` ${setting.token} `);
  assert.equal(right.status, 303);
  assert.equal((await setting.anonymous("/api/v1/status", { headers: { cookie: cookieOf(right) } })).status, 200);
});

test("signing out ends the session, its live view and nothing else", async (t) => {
  const setting = await ApiSetting.start(t);
  const { cookie } = setting;
  const live = await setting.socket({ cookie, origin: setting.api.url });
  const closed = once(live, "close");
  const out = await setting.anonymous("/sign-out", { method: "POST", headers: { cookie, origin: setting.api.url } });
  assert.equal(out.status, 204);
  assert.equal((await closed)[0], 4401);
  assert.equal((await setting.anonymous("/api/v1/status", { headers: { cookie } })).status, 401);
  assert.equal((await setting.get("/api/v1/status")).status, 200);
});

test("guessing is slowed: after ten wrong tokens an address waits, whatever it says of itself; sessions and the right token go on", async (t) => {
  const setting = await ApiSetting.start(t);
  const { cookie } = setting;
  const wrong = (attempt: number) => {
    const pretended = `192.0.2.${attempt}`;
    const forwarded = { "x-forwarded-for": pretended, forwarded: `for=${pretended}`, "x-real-ip": pretended };
    return setting.anonymous("/api/v1/status", { headers: { authorization: "Bearer wrong", ...forwarded } });
  };
  for (let attempt = 1; attempt < 10; attempt++) assert.equal((await wrong(attempt)).status, 401);
  const tenth = await wrong(10);
  assert.equal(tenth.status, 429);
  assert.match(JSON.parse(tenth.body).fix, /^wait \d+ s$/);
  const byHand = await setting.anonymous("/sign-in", {
    method: "POST",
    body: `token=${setting.token}`,
    headers: { "content-type": "application/x-www-form-urlencoded", origin: setting.api.url },
  });
  assert.equal(byHand.status, 429);
  assert.equal((await setting.anonymous("/api/v1/status", { headers: { cookie } })).status, 200);
  assert.equal((await setting.get("/api/v1/status")).status, 200);
});

test("a page is led to sign in, a bookmark's step from another site keeps its session", async (t) => {
  const setting = await ApiSetting.start(t);
  const page = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const answer = await setting.anonymous("/", { headers: { ...page, "sec-fetch-site": "none" } });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.location, "/sign-in");
  const foreign = await setting.anonymous("/", { headers: { ...page, "sec-fetch-site": "cross-site" } });
  assert.equal(foreign.status, 200);
  assert.match(foreign.body, /http-equiv="refresh" content="0; url=\/"/);
});

test("a foreign web page gets nothing", async (t) => {
  const setting = await ApiSetting.start(t);
  const { cookie } = setting;
  const evil = "http://evil.example";

  await t.test("a WebSocket from its Origin, with cookie or token", async () => {
    for (const headers of [{ cookie }, setting.bearer]) {
      for (const origin of [
        evil,
        "null",
        "http://localhost:8080",
        `http://127.0.0.1:${setting.api.port}.evil.example`,
      ]) {
        assert.equal((await setting.refusedSocket({ ...headers, origin })).status, 403, origin);
      }
    }
    assert.equal((await setting.refusedSocket({ cookie })).status, 403, "a cookie without Origin");
  });

  await t.test("a WebSocket without credentials, or with the token in the address", async () => {
    assert.equal((await setting.refusedSocket({ origin: setting.api.url })).status, 401);
    const webSocket = new WebSocket(`${setting.api.url.replace("http", "ws")}/api/v1/traffic?token=${setting.token}`);
    const [error] = await once(webSocket, "error");
    assert.match(String(error), /401/);
  });

  await t.test("a form or a fetch that would change something", async () => {
    const sent = { method: "POST", body: "{}" };
    const json = { cookie, "content-type": "application/json" };
    for (const headers of [
      { ...json, origin: evil },
      { ...json, origin: "null" },
      { ...json, origin: setting.api.url, "sec-fetch-site": "cross-site" },
      { ...json, "sec-fetch-site": "same-site" },
      { cookie, "content-type": "application/x-www-form-urlencoded", origin: evil },
      { ...json },
    ]) {
      assert.equal(
        (await setting.anonymous("/api/v1/traffic/pins", { ...sent, headers })).status,
        403,
        JSON.stringify(headers),
      );
    }
    assert.equal((await setting.get("/api/v1/traffic/pins", { ...sent, headers: { origin: evil } })).status, 403);
    const signOut = await setting.anonymous("/sign-out", { method: "POST", headers: { cookie, origin: evil } });
    assert.equal(signOut.status, 403);
    assert.equal((await setting.anonymous("/api/v1/status", { headers: { cookie } })).status, 200, "still signed in");
  });

  await t.test("a script, image or frame of ours, and no reading across origins", async () => {
    for (const dest of ["script", "image", "iframe", "empty"]) {
      const headers = { cookie, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": dest };
      assert.equal((await setting.anonymous("/api/v1/status", { headers })).status, 403, dest);
    }
    const preflight = await setting.anonymous("/api/v1/status", {
      method: "OPTIONS",
      headers: { origin: evil, "access-control-request-method": "POST" },
    });
    assert.equal(preflight.headers["access-control-allow-origin"], undefined);
    const own = await setting.get("/api/v1/status", { headers: { origin: evil } });
    assert.equal(own.headers["access-control-allow-origin"], undefined);
    assert.equal(own.headers["cross-origin-resource-policy"], "same-origin");
  });

  await t.test("its own name pointed at this address (DNS rebinding)", async () => {
    for (const host of [
      "evil.example",
      `evil.example:${setting.api.port}`,
      "127.0.0.1",
      `localhost:${setting.api.port + 1}`,
    ]) {
      for (const path of ["/", "/healthz", "/sign-in", "/api/v1/status"]) {
        assert.equal((await setting.get(path, { host })).status, 421, `${host}${path}`);
      }
      assert.equal((await setting.refusedSocket({ ...setting.bearer, host })).status, 421, host);
    }
  });
});

test("every answer carries the headers that keep a browser safe", async (t) => {
  const setting = await ApiSetting.start(t);
  for (const path of ["/healthz", "/api/v1/status", "/nothing", "/sign-in"]) {
    const answer = await setting.get(path);
    assert.equal(answer.headers["x-content-type-options"], "nosniff", path);
    assert.equal(answer.headers["cache-control"], "no-store", path);
    assert.match(headerOf(answer, "content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/, path);
    assert.doesNotMatch(headerOf(answer, "content-security-policy"), /unsafe/, path);
    assert.equal(answer.headers["x-powered-by"], undefined, path);
  }
});

test("a link is minted with the token, not with a session", async (t) => {
  const setting = await ApiSetting.start(t);
  const minted = await setting.get("/api/v1/sign-in-links", { method: "POST" });
  const { url }: SignInLinkAnswer = JSON.parse(minted.body);
  assert.equal((await setting.anonymous(new URL(url).pathname + new URL(url).search)).status, 303);
  const headers = { cookie: setting.cookie, origin: setting.api.url };
  assert.equal((await setting.anonymous("/api/v1/sign-in-links", { method: "POST", headers })).status, 403);
});
