import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { ObjectAnswer, ObjectsAnswer, StatusAnswer } from "#api/answers.ts";
import type { SnapshotMessage } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import { ApiSetting, headerOf } from "../browser/simulated/api-setting.ts";
import { SECRET_VALUE, UNREADABLE } from "../browser/simulated/simulated-appliance.ts";

test("health and readiness are open and say no more than they must", async (t) => {
  const health = { live: () => true, ready: () => false, reasons: () => ["waiting for Envoy"] };
  const setting = await ApiSetting.start(t, { health });
  assert.deepEqual(JSON.parse((await setting.anonymous("/healthz")).body), { ok: true });
  const ready = await setting.anonymous("/readyz");
  assert.equal(ready.status, 503);
  assert.deepEqual(JSON.parse(ready.body), { ok: false, reasons: ["waiting for Envoy"] });
});

test("status, objects and one object whole; a Secret's values stay inside", async (t) => {
  const setting = await ApiSetting.start(t);
  const status: StatusAnswer = JSON.parse((await setting.get("/api/v1/status")).body);
  assert.deepEqual(status.objects, { total: 5, errors: 1, warnings: 1 });
  assert.equal(status.principal.name, "operator");
  const ingresses: ObjectsAnswer = JSON.parse(
    (await setting.get("/api/v1/objects?kind=ingress&namespace=team-shop")).body,
  );
  assert.deepEqual(
    ingresses.objects.map(({ ref }) => ref.name),
    ["shop"],
  );
  const problems: ObjectsAnswer = JSON.parse((await setting.get("/api/v1/objects?problems=true")).body);
  assert.deepEqual(
    problems.objects.map(({ ref }) => ref.name),
    ["wiki", "shop"],
  );
  const secret = await setting.get("/api/v1/objects/Secret/team-pay/tls");
  const { object }: ObjectAnswer = JSON.parse(secret.body);
  assert.deepEqual((object as { data: unknown }).data, { "tls.key": "(10 bytes)" });
  assert.equal(secret.body.includes(SECRET_VALUE), false);
});

for (const [path, status, words] of [
  ["/api/v1/objects?kind=Pod", 400, /use one of Namespace, Service/],
  ["/api/v1/objects?kind=Service&kind=Ingress", 400, /give it once/],
  ["/api/v1/objects/Ingress/team-shop/none", 404, /binnacle get/],
  ["/api/v1/traffic/requests?hots=a", 400, /use one of host/],
  ["/api/v1/traffic/requests?code=9xx", 400, /a class such as 5xx/],
  ["/api/v1/traffic/requests?limit=-1", 400, /whole number/],
  ["/api/v1/traffic", 426, /WebSocket/],
  ["/api/v2/status", 404, /\/api\/v1\/status/],
  ["/prometheus/api/v1/query?query=up", 503, /binnacle status/],
] as const) {
  test(`${path} is answered ${status} with what to do`, async (t) => {
    const setting = await ApiSetting.start(t);
    const answer = await setting.get(path);
    assert.equal(answer.status, status);
    assert.match(answer.body, words);
  });
}

for (const [what, headers, body, status] of [
  ["no JSON", { "content-type": "text/plain" }, "{}", 415],
  ["broken JSON", {}, "{", 400],
  ["a field nobody knows", {}, '{"target":{"host":"a"},"sceonds":1}', 400],
  ["an empty target", {}, '{"target":{}}', 400],
  ["too much", {}, JSON.stringify({ target: { host: "a".repeat(5000) } }), 413],
] as const) {
  test(`a body with ${what} is refused with ${status}`, async (t) => {
    const setting = await ApiSetting.start(t);
    const answer = await setting.get("/api/v1/traffic/pins", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    assert.equal(answer.status, status);
    assert.deepEqual(Object.keys(JSON.parse(answer.body)), ["title", "detail", "fix"]);
  });
}

test("a request line or header that is too long is cut off, and the next one is answered", async (t) => {
  const setting = await ApiSetting.start(t);
  const socket = connect(setting.api.port, "127.0.0.1");
  socket.write(`GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`);
  assert.match(await text(socket), /^HTTP\/1.1 4\d\d /);
  assert.equal((await setting.get("/healthz")).status, 200);
});

test("requests come as JSON lines, newest first, by the filter that the address names", async (t) => {
  const setting = await ApiSetting.start(t);
  const answer = await setting.get("/api/v1/traffic/requests?host=shop.localhost&code=5xx&limit=5");
  assert.equal(answer.headers["content-type"], "application/x-ndjson; charset=utf-8");
  const rows: RequestRow[] = answer.body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(rows.length, 5);
  for (const row of rows) assert.ok(row.host === "shop.localhost" && row.code >= 500, JSON.stringify(row));
  assert.deepEqual(
    rows.map(({ id }) => id),
    rows.map(({ id }) => id).toSorted((a, b) => b - a),
  );
});

test("pins are made, listed and taken away", async (t) => {
  const setting = await ApiSetting.start(t);
  const made = await setting.get("/api/v1/traffic/pins", {
    method: "POST",
    body: '{"target":{"client":"192.0.2.1"}}',
    headers: { "content-type": "application/json" },
  });
  assert.equal(made.status, 201);
  const { id }: { id: string } = JSON.parse(made.body);
  assert.equal((await setting.get(`/api/v1/traffic/pins/${id}`, { method: "DELETE" })).status, 204);
  assert.equal((await setting.get(`/api/v1/traffic/pins/${id}`, { method: "DELETE" })).status, 404);
});

test("metrics are what Prometheus reads", async (t) => {
  const setting = await ApiSetting.start(t);
  const answer = await setting.get("/metrics");
  assert.match(headerOf(answer, "content-type"), /^text\/plain; version=0.0.4/);
  assert.match(answer.body, /binnacle_up 1/);
});

test("a team sees its own namespaces and nothing that does not keep them apart", async (t) => {
  const principal = { name: "shop", namespaces: new Set(["team-shop"]) };
  const setting = await ApiSetting.start(t, { principal });
  const read = async <T>(path: string): Promise<T> => JSON.parse((await setting.browse(path)).body);
  const status = await read<StatusAnswer>("/api/v1/status");
  const own = ["team-shop"];
  assert.deepEqual(status.principal, { name: "shop", role: "operator", namespaces: own, operates: own });
  assert.equal(status.objects.total, 2);
  const keys = ["detail", "lastSync", "name", "state"];
  assert.deepEqual(
    status.sources.map((source) => [source.detail, Object.keys(source).toSorted()]),
    status.sources.map(() => ["", keys]),
  );
  const whole = await setting.json<StatusAnswer>("/api/v1/status");
  assert.deepEqual(whole.sources[0]?.problems, [UNREADABLE]);
  const { objects } = await read<ObjectsAnswer>("/api/v1/objects");
  assert.deepEqual([...new Set(objects.map(({ ref }) => ref.namespace))], ["team-shop"]);
  assert.equal((await setting.browse("/api/v1/objects/Ingress/team-pay/checkout")).status, 404);
  const totals = await read<SnapshotMessage>("/api/v1/traffic/totals");
  assert.deepEqual([...new Set(totals.routes.map(({ owner }) => owner?.namespace))], ["team-shop"]);
  const asked = await read<SnapshotMessage>("/api/v1/traffic/totals?namespace=team-pay");
  assert.deepEqual([...new Set(asked.routes.map(({ owner }) => owner?.namespace))], ["team-shop"]);
  for (const path of ["/metrics", "/prometheus/api/v1/query?query=up", "/alertmanager/api/v2/alerts"]) {
    assert.equal((await setting.browse(path)).status, 403, path);
  }
});
