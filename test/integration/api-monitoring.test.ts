import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { hash } from "bcryptjs";
import type { AlertsAnswer, SilencesAnswer } from "#api/answers.ts";
import type { MonitoringTargets } from "#api/monitoring/monitoring-target.ts";
import { ApiSetting, headerOf } from "../browser/simulated/api-setting.ts";
import { freePort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { requiredBinary } from "./support/required-binary.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";

const USER = "binnacle";
const PASSWORD = "a password for this test";
const AUTHORIZATION = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;

/** Runs until the test ends. */
function run(t: TestContext, program: string, args: readonly string[]): void {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const words: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => words.push(chunk));
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill();
    const [code] = await exited;
    if (code !== 0 && code !== null) t.diagnostic(words.join("").slice(-2000));
  });
}

async function startAlertmanager(t: TestContext, directory: string): Promise<URL> {
  const port = await freePort();
  const [config, web] = [join(directory, "alertmanager.yml"), join(directory, "web.yml")];
  await writeFile(config, "route: { receiver: none }\nreceivers: [{ name: none }]\n");
  await writeFile(web, `basic_auth_users:\n  ${USER}: "${await hash(PASSWORD, 4)}"\n`);
  run(t, requiredBinary("BINNACLE_ALERTMANAGER"), [
    `--config.file=${config}`,
    `--web.config.file=${web}`,
    `--storage.path=${join(directory, "alertmanager")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}/alertmanager/`,
    "--cluster.listen-address=",
  ]);
  const headers = { authorization: AUTHORIZATION };
  const ready = () => httpGet({ port }, "/alertmanager/-/ready", { headers });
  await until(async () => (await ready()).status === 200, { what: "Alertmanager to be ready" });
  return new URL(`http://127.0.0.1:${port}/alertmanager`);
}

async function startPrometheus(t: TestContext, directory: string, alertmanager: URL): Promise<URL> {
  const port = await freePort();
  const [config, rules] = [join(directory, "prometheus.yml"), join(directory, "rules.yml")];
  const alerts = [
    rule("Slow", "warning", "team-shop"),
    rule("Down", "critical", "team-pay"),
    rule("Watchdog", "none", "platform"),
  ];
  await writeFile(rules, JSON.stringify({ groups: [{ name: "test", interval: "1s", rules: alerts }] }));
  const alerting = {
    alertmanagers: [
      {
        path_prefix: "/alertmanager",
        basic_auth: { username: USER, password: PASSWORD },
        static_configs: [{ targets: [alertmanager.host] }],
      },
    ],
  };
  await writeFile(config, JSON.stringify({ global: { evaluation_interval: "1s" }, rule_files: [rules], alerting }));
  run(t, requiredBinary("BINNACLE_PROMETHEUS"), [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, "prometheus")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}/prometheus/`,
    // The first round finds no Alertmanager yet; the next one is a minute later by default.
    "--rules.alert.resend-delay=1s",
  ]);
  const ready = () => httpGet({ port }, "/prometheus/-/ready");
  await until(async () => (await ready()).status === 200, { what: "Prometheus to be ready" });
  return new URL(`http://127.0.0.1:${port}/prometheus`);
}

function rule(name: string, severity: string, namespace: string): object {
  return {
    alert: name,
    expr: "vector(1)",
    labels: { severity, namespace, team: namespace },
    annotations: { summary: `${name} in ${namespace}`, runbook_url: "https://runbooks.example.com/a" },
  };
}

test("Prometheus and Alertmanager through the API", async (t) => {
  await using directory = await temporaryDirectory("api-monitoring");
  const alertmanager = await startAlertmanager(t, directory.path);
  const prometheus = await startPrometheus(t, directory.path, alertmanager);
  const monitoring: MonitoringTargets = {
    prometheus: { url: () => prometheus },
    alertmanager: { url: () => alertmanager, authorization: AUTHORIZATION },
  };
  const setting = await ApiSetting.start(t, { monitoring });
  const alerts = async () => (await setting.json<AlertsAnswer>("/api/v1/alerts")).alerts;

  await t.test("alerts come with team and runbook, the most severe first, without the dead man's switch", async () => {
    const firing = await until(alerts, { accept: (list) => list.length === 2, what: "two alerts" });
    assert.deepEqual(
      firing.map(({ name, severity, team, state }) => [name, severity, team, state]),
      [
        ["Down", "critical", "team-pay", "active"],
        ["Slow", "warning", "team-shop", "active"],
      ],
    );
    assert.equal(firing[0]?.runbook, "https://runbooks.example.com/a");
    assert.equal(firing[0]?.summary, "Down in team-pay");
  });

  await t.test("queries by GET and POST, nothing that changes or leads out", async () => {
    const got = await setting.json<{ data: { result: { value: [number, string] }[] } }>(
      "/prometheus/api/v1/query?query=vector(7)",
    );
    assert.equal(got.data.result[0]?.value[1], "7");
    const posted = await setting.browse("/prometheus/api/v1/query_range", {
      method: "POST",
      body: "query=vector(8)&start=100&end=110&step=5",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    assert.equal(posted.status, 200);
    assert.match(posted.body, /\[110,"8"\]/);
    for (const [method, path] of [
      ["POST", "/prometheus/-/reload"],
      ["POST", "/prometheus/api/v1/admin/tsdb/delete_series?match[]=up"],
      ["GET", "/prometheus/metrics"],
      ["GET", "/prometheus/federate?match[]=up"],
      ["GET", "/prometheus/assets/../metrics"],
      ["GET", "/prometheus/%2e%2e/metrics"],
      ["GET", "/prometheus//metrics"],
      ["GET", "/prometheus/api/v1/status/config"],
      ["POST", "/alertmanager/api/v2/alerts"],
      ["POST", "/alertmanager/-/reload"],
      ["GET", "/alertmanager/metrics"],
      ["GET", "/alertmanager/api/v2/status"],
    ] as const) {
      assert.equal((await setting.get(path, { method })).status, 403, `${method} ${path}`);
    }
  });

  await t.test("their own pages run only their own scripts and are in no frame", async () => {
    assert.equal((await setting.browse("/alertmanager")).headers.location, "/alertmanager/");
    for (const path of ["/prometheus/", "/alertmanager/"]) {
      const page = await setting.browse(path);
      assert.ok(page.status === 200 || page.status === 302, `${path}: ${page.status} ${page.body}`);
      if (page.status === 302) assert.match(headerOf(page, "location"), /^\/prometheus\//);
      assert.match(headerOf(page, "content-security-policy"), /frame-ancestors 'none'/);
      assert.doesNotMatch(headerOf(page, "content-security-policy"), /script-src[^;]*unsafe/);
      assert.equal(page.headers["access-control-allow-origin"], undefined);
    }
  });

  await t.test("Alertmanager itself lets nobody in without its password, and the API never shows it", async () => {
    const { port, pathname } = alertmanager;
    assert.equal((await httpGet({ port: Number(port) }, `${pathname}/api/v2/alerts`)).status, 401);
    const through = await setting.get("/alertmanager/api/v2/alerts");
    assert.equal(through.status, 200);
    assert.equal(JSON.stringify(through.headers).includes(PASSWORD), false);
  });

  await t.test("a silence carries its author and its end, silences the alert, and is ended", async () => {
    const matchers = [{ name: "alertname", value: "Slow", isRegex: false, isEqual: true }];
    const before = Date.now();
    const made = await setting.post("/api/v1/silences", { matchers, comment: "known", minutes: 30 });
    const after = Date.now();
    assert.equal(made.status, 201, made.body);
    const { id }: { id: string } = JSON.parse(made.body);
    const silenced = await until(alerts, {
      accept: (list) => list.some(({ name, state }) => name === "Slow" && state === "silenced"),
      what: "the alert to be silenced",
    });
    assert.deepEqual(silenced.find(({ name }) => name === "Slow")?.silencedBy, [id]);
    const { silences } = await setting.json<SilencesAnswer>("/api/v1/silences");
    assert.equal(silences[0]?.createdBy, "operator");
    const end = Date.parse(silences[0]?.endsAt ?? "");
    assert.ok(before + 30 * 60_000 <= end && end <= after + 30 * 60_000, String(end - before));
    assert.equal((await setting.get(`/api/v1/silences/${id}`, { method: "DELETE" })).status, 204);
    assert.equal((await setting.get("/api/v1/silences/nothing", { method: "DELETE" })).status, 404);
  });

  await t.test("a silence made on Alertmanager's own page carries the name of whoever is signed in", async () => {
    const body = {
      matchers: [{ name: "alertname", value: "Down", isRegex: false, isEqual: true }],
      startsAt: new Date(Date.now() + 3_600_000).toISOString(),
      endsAt: new Date(Date.now() + 7_200_000).toISOString(),
      createdBy: "somebody else",
      comment: "later",
    };
    assert.equal((await setting.post("/alertmanager/api/v2/silences", body)).status, 200);
    const { silences } = await setting.json<SilencesAnswer>("/api/v1/silences");
    assert.equal(silences.find(({ comment }) => comment === "later")?.createdBy, "operator");
  });

  for (const [what, body] of [
    ["no comment", { matchers: [{ name: "a", value: "b" }], comment: " ", minutes: 5 }],
    ["no end", { matchers: [{ name: "a", value: "b" }], comment: "c" }],
    ["an end in a year", { matchers: [{ name: "a", value: "b" }], comment: "c", minutes: 525_600 }],
    ["nothing to match", { matchers: [], comment: "c", minutes: 5 }],
    ["a label that is none", { matchers: [{ name: "a-b", value: "b" }], comment: "c", minutes: 5 }],
  ] as const) {
    await t.test(`a silence with ${what} is refused`, async () => {
      assert.equal((await setting.post("/api/v1/silences", body)).status, 400);
    });
  }

  await t.test("a silence that would match everything is refused in Alertmanager's words", async () => {
    const matchers = [{ name: "alertname", value: ".*", isRegex: true }];
    const answer = await setting.post("/api/v1/silences", { matchers, comment: "all", minutes: 5 });
    assert.equal(answer.status, 422);
    assert.match(answer.body, /Alertmanager says/);
  });

  await t.test("a team sees and silences its own alerts only", async (t) => {
    const principal = { name: "shop", namespaces: new Set(["team-shop"]) };
    const team = await ApiSetting.start(t, { monitoring, principal });
    const { alerts: own }: AlertsAnswer = JSON.parse((await team.browse("/api/v1/alerts")).body);
    assert.deepEqual(
      own.map(({ name }) => name),
      ["Slow"],
    );
    const browser = { cookie: team.cookie, origin: team.api.url };
    const silence = (matchers: readonly unknown[]) =>
      team.post("/api/v1/silences", { matchers, comment: "c", minutes: 5 }, browser);
    assert.equal((await silence([{ name: "alertname", value: "Down" }])).status, 403);
    assert.equal((await silence([{ name: "namespace", value: "team-.*", isRegex: true }])).status, 403);
    assert.equal((await silence([{ name: "namespace", value: "team-pay" }])).status, 403);
    assert.equal((await silence([{ name: "namespace", value: "team-shop" }])).status, 201);
    const { silences }: SilencesAnswer = JSON.parse((await setting.get("/api/v1/silences")).body);
    const foreign = silences.find(({ comment }) => comment === "later");
    const end = await team.browse(`/api/v1/silences/${foreign?.id}`, { method: "DELETE" });
    assert.equal(end.status, 404);
  });
});
