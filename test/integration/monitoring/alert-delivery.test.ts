import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { callbackify } from "node:util";
import { SMTPServer } from "smtp-server";
import { listeningPort } from "../support/free-port.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { Inbox, type WebhookMessage, webhookServer } from "../support/webhook.ts";
import { RunningService } from "./running-service.ts";
import { monitoringStack } from "./stack.ts";

/** A server with the statistics of an Envoy that has one upstream. */
async function statisticsServer(healthy: () => number) {
  const cluster = '{envoy_cluster_name="us-east/team-shop/cart/8080"}';
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(
      [
        "# TYPE envoy_cluster_membership_total gauge",
        `envoy_cluster_membership_total${cluster} 2`,
        "# TYPE envoy_cluster_membership_healthy gauge",
        `envoy_cluster_membership_healthy${cluster} ${healthy()}`,
        "# TYPE envoy_cluster_membership_degraded gauge",
        `envoy_cluster_membership_degraded${cluster} 0`,
        "",
      ].join("\n"),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: listeningPort(server), [Symbol.dispose]: () => server.close() };
}

async function mailServer(inbox: Inbox<string>) {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData(stream, _session, done) {
      const receive = async () => inbox.receive(decodeMail(await text(stream)));
      callbackify(receive)(done);
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return { port: listeningPort(server.server), [Symbol.dispose]: () => server.close() };
}

/** The mail with its quoted-printable parts and encoded headers in plain text: enough to look for words. */
function decodeMail(mail: string): string {
  return mail
    .replace(/=\r?\n/g, "")
    .replace(/=\?utf-8\?q\?(.*?)\?=/gi, (_all, text: string) => text.replaceAll("_", " "))
    .replace(/=([0-9A-F]{2})/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

test("an upstream that dies is told to webhook and mail, with namespace and service, and so is its return", async () => {
  await using directory = await temporaryDirectory("monitoring");
  let healthy = 2;
  const posts = new Inbox<WebhookMessage>();
  const others = new Inbox<WebhookMessage>();
  const mails = new Inbox<string>();
  using statistics = await statisticsServer(() => healthy);
  using webhook = await webhookServer(posts);
  using otherWebhook = await webhookServer(others);
  using mail = await mailServer(mails);
  const stack = await monitoringStack({
    directory: directory.path,
    envoys: [`127.0.0.1:${statistics.port}`],
    alerts: {
      receivers: [
        {
          name: "shop",
          webhook: { url: `http://127.0.0.1:${webhook.port}/hook` },
          email: {
            to: ["oncall@shop.test", "second@shop.test"],
            from: "binnacle@appliance.test",
            smarthost: `127.0.0.1:${mail.port}`,
            requireTls: false,
          },
        },
        { name: "platform", webhook: { url: `http://127.0.0.1:${otherWebhook.port}/hook` } },
        { name: "dead-man", webhook: { url: `http://127.0.0.1:${otherWebhook.port}/watchdog` } },
      ],
      defaultReceiver: "platform",
      watchdogReceiver: "dead-man",
      routes: [{ team: "team-shop", receiver: "shop" }],
    },
  });
  await using _alertmanager = await RunningService.start(stack.alertmanager);
  await using _prometheus = await RunningService.start(stack.prometheus);

  // The dead man's switch shows that the whole way works before anything is broken.
  const watchdog = await others.first("the watchdog", ({ receiver }) => receiver === "dead-man");
  assert.equal(watchdog.alerts[0]?.labels["alertname"], "Watchdog");

  healthy = 0;
  const isAbout = ({ alerts }: WebhookMessage) => alerts[0]?.labels["alertname"] === "UpstreamNoHealthyEndpoints";
  const firing = await posts.first("the alert at the webhook", (m) => m.status === "firing" && isAbout(m));
  const [alert] = firing.alerts;
  assert.deepEqual(alert?.labels, {
    alertname: "UpstreamNoHealthyEndpoints",
    appliance: "test",
    backend: "us-east",
    namespace: "team-shop",
    port: "8080",
    service: "cart",
    severity: "critical",
    team: "team-shop",
  });
  assert.equal(alert?.annotations["summary"], "team-shop/cart has no healthy endpoint (port 8080, backend us-east)");
  assert.equal(
    alert?.annotations["runbook_url"],
    "http://console.test:8600/alerts/runbooks/UpstreamNoHealthyEndpoints.md",
  );
  const warned = await mails.first("the alert as a mail", (text) => text.includes("CRITICAL: "));
  assert.match(warned, /^Subject: CRITICAL: team-shop\/cart has no healthy endpoint/m);
  assert.match(warned, /^To: oncall@shop\.test, second@shop\.test/m);
  assert.match(warned, /<a href="http:\/\/console\.test:8600\/alerts\/runbooks\/UpstreamNoHealthyEndpoints\.md">/);
  assert.match(warned, /^Console: http:\/\/console\.test:8600\r?$/m);

  healthy = 2;
  await posts.first("the end at the webhook", (m) => m.status === "resolved" && isAbout(m));
  const ended = await mails.first("the end as a mail", (text) => text.includes("RESOLVED: "));
  assert.match(ended, /^Subject: RESOLVED: team-shop\/cart has no healthy endpoint/m);
  // A team's alert goes to the team: the platform's receiver gets the appliance's own alone.
  assert.deepEqual(others.messages.filter(isAbout), []);
});

test("an Envoy that is down mutes what it would say itself, and no other Envoy's upstreams", async () => {
  await using directory = await temporaryDirectory("monitoring");
  let healthy = 2;
  const posts = new Inbox<WebhookMessage>();
  using left = await statisticsServer(() => healthy);
  using webhook = await webhookServer(posts);
  const stack = await monitoringStack({
    directory: directory.path,
    // Nobody listens on the second.
    envoys: [`127.0.0.1:${left.port}`, "127.0.0.1:1"],
    alerts: {
      receivers: [{ name: "all", webhook: { url: `http://127.0.0.1:${webhook.port}/hook` } }],
      defaultReceiver: "all",
    },
  });
  await using _alertmanager = await RunningService.start(stack.alertmanager);
  await using _prometheus = await RunningService.start(stack.prometheus);
  const firing = (alertname: string) =>
    posts.first(
      alertname,
      ({ status, alerts }) => status === "firing" && alerts[0]?.labels["alertname"] === alertname,
      120_000,
    );
  const [down] = (await firing("EnvoyDown")).alerts;
  assert.deepEqual([down?.labels["instance"], down?.labels["envoys"]], ["127.0.0.1:1", "some"]);
  healthy = 0;
  const [alert] = (await firing("UpstreamNoHealthyEndpoints")).alerts;
  assert.equal(alert?.labels["service"], "cart");

  // What Prometheus says of two Envoys that are both gone, and of their connections to the control plane.
  const password = (await readFile(join(directory.path, "alertmanager-password"), "utf8")).trim();
  const authorization = `Basic ${Buffer.from(`binnacle:${password}`).toString("base64")}`;
  const api = `${stack.alertmanagerUrl}/api/v2/alerts`;
  const headers = { authorization, "content-type": "application/json" };
  const labels = (alertname: string, more: Readonly<Record<string, string>>) => ({
    labels: { alertname, severity: "critical", appliance: "other", ...more },
  });
  const told = await fetch(api, {
    method: "POST",
    headers,
    body: JSON.stringify([
      labels("EnvoyDown", { instance: "one", envoys: "all" }),
      labels("XdsDisconnected", { instance: "one" }),
      labels("XdsDisconnected", { instance: "two" }),
      labels("UpstreamEmpty", { service: "cart" }),
    ]),
  });
  assert.equal(told.status, 200);
  const states = async (): Promise<readonly string[]> => {
    const found = (await (await fetch(`${api}?filter=appliance="other"`, { headers })).json()) as readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly status: { readonly state: string };
    }[];
    return found.map(({ labels: of, status }) => `${of["alertname"]} ${of["instance"] ?? ""} ${status.state}`).sort();
  };
  // Alertmanager may know of an alert before it knows of the one that mutes it.
  const expected = [
    "EnvoyDown one active",
    "UpstreamEmpty  suppressed",
    "XdsDisconnected one suppressed",
    "XdsDisconnected two active",
  ];
  await until(states, { accept: (now) => now.join() === expected.join(), what: expected.join() });
});
