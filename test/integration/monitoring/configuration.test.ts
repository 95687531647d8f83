import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";
import type { AlertSettings } from "#monitoring/alertmanager.ts";
import { writeServiceFiles } from "#monitoring/write-service-files.ts";
import { listeningPort } from "../support/free-port.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { RunningService } from "./running-service.ts";
import { monitoringStack } from "./stack.ts";

const run = promisify(execFile);

const EVERYTHING: Partial<AlertSettings> = {
  receivers: [
    {
      name: "all",
      webhook: { url: "https://hooks.example.com/T0/secret", bearerTokenFile: "/run/secret/hook" },
      email: {
        to: ["a@example.com"],
        from: "b@example.com",
        smarthost: "mail.example.com:587",
        username: "b",
        passwordFile: "/run/secret/mail",
        requireTls: true,
      },
    },
  ],
  defaultReceiver: "all",
  watchdogReceiver: "all",
  routes: [{ team: "team-shop", receiver: "all" }],
};

test("promtool and amtool accept what is rendered, with everything set and with nothing", async () => {
  for (const alerts of [EVERYTHING, {}]) {
    await using directory = await temporaryDirectory("monitoring");
    const stack = await monitoringStack({ directory: directory.path, alerts });
    await writeServiceFiles(stack.prometheus);
    await writeServiceFiles(stack.alertmanager);
    const [prometheusConfig] = stack.prometheus.files;
    const [alertmanagerConfig, webConfig] = stack.alertmanager.files;
    assert.ok(prometheusConfig && alertmanagerConfig && webConfig);
    await run(requiredBinary("BINNACLE_PROMTOOL"), ["check", "config", prometheusConfig.path]);
    await run(requiredBinary("BINNACLE_PROMTOOL"), ["check", "web-config", webConfig.path]);
    await run(requiredBinary("BINNACLE_AMTOOL"), ["check-config", alertmanagerConfig.path]);
  }
});

test("Alertmanager answers nobody without its password, and takes a new configuration when told", async () => {
  await using directory = await temporaryDirectory("monitoring");
  const stack = await monitoringStack({ directory: directory.path });
  await using running = await RunningService.start(stack.alertmanager);
  const status = `${stack.alertmanagerUrl}/api/v2/status`;
  assert.equal((await fetch(status)).status, 401);
  const authorization = stack.alertmanager.readyAuthorization ?? "";
  const silence = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  assert.equal((await fetch(`${stack.alertmanagerUrl}/api/v2/silences`, silence)).status, 401);

  const loaded = async () => (await fetch(status, { headers: { authorization } })).text();
  assert.doesNotMatch(await loaded(), /oncall/);
  const changed = await monitoringStack({
    directory: directory.path,
    alerts: {
      receivers: [{ name: "oncall", webhook: { url: "http://127.0.0.1:1/" } }],
      defaultReceiver: "oncall",
    },
  });
  await writeServiceFiles(changed.alertmanager);
  running.signal("SIGHUP");
  await until(async () => (await loaded()).includes("oncall"), { what: "the new receiver" });
});

test("Prometheus asks the control plane with the token, and no other page may read its answers", async () => {
  await using directory = await temporaryDirectory("monitoring");
  let seen: string | undefined;
  const server = createServer((request, response) => {
    seen = request.headers.authorization;
    response.setHeader("content-type", "text/plain; version=0.0.4").end("binnacle_hosts 3\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  using _server = { [Symbol.dispose]: () => server.close() };
  const stack = await monitoringStack({
    directory: directory.path,
    controlPlane: `127.0.0.1:${listeningPort(server)}`,
  });
  await using _running = await RunningService.start(stack.prometheus);
  const query = `${stack.prometheusUrl}/api/v1/query?query=binnacle_hosts`;
  await until(async () => (await (await fetch(query)).text()).includes('"3"'), { what: "the sample" });
  assert.match(seen ?? "", /^Bearer \S{32}$/);

  const allowed = async (origin: string) =>
    (await fetch(query, { headers: { origin } })).headers.get("access-control-allow-origin");
  assert.equal(await allowed("http://console.test:8600"), "http://console.test:8600");
  assert.equal(await allowed("http://console-test:8600"), null);
  assert.equal(await allowed("https://evil.example.com"), null);
  // No lifecycle API: nobody stops it with a POST.
  assert.notEqual((await fetch(`${stack.prometheusUrl}/-/quit`, { method: "POST" })).status, 200);
});
