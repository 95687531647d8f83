import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "js-yaml";
import {
  type AlertmanagerSettings,
  type AlertSettings,
  alertmanagerArguments,
  alertmanagerConfig,
  alertmanagerWebConfig,
} from "./alertmanager.ts";

const paths = {
  configFile: "/s/alertmanager.yml",
  webConfigFile: "/s/web.yml",
  dataDirectory: "/s/data",
  templateFile: "/a/binnacle.tmpl",
};
const webhook = { url: "https://hooks.example.com/T0/secret" };
const alerts: AlertSettings = {
  receivers: [
    { name: "platform", webhook },
    { name: "shop", webhook },
  ],
  defaultReceiver: "platform",
  routes: [{ team: "team-shop", receiver: "shop" }],
  groupWait: 30_000,
  groupInterval: 300_000,
  repeatInterval: 14_400_000,
};

interface Route {
  readonly receiver?: string;
  readonly matchers?: readonly string[];
  readonly routes?: readonly Route[];
  readonly group_wait?: string;
  readonly repeat_interval?: string;
}
type Labels = Readonly<Record<string, string>>;
interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}
interface Config {
  readonly route: Route;
  readonly receivers: readonly Readonly<Record<string, unknown>>[];
  readonly inhibit_rules: readonly Inhibition[];
}

function config(of: AlertSettings): Config {
  const settings: AlertmanagerSettings = { port: 9093, externalUrl: "http://127.0.0.1:8600/alertmanager", alerts: of };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was dumped a line before
  return load(alertmanagerConfig(settings, paths)) as Config;
}

/** As Alertmanager reads a matcher: a label that is missing is an empty one, expressions are anchored. */
function matches(matcher: string, labels: Labels): boolean {
  const [, name = "", operator = "", value = ""] = /^(\w+)(=~|!=|=)"(.*)"$/.exec(matcher) ?? [];
  const actual = labels[name] ?? "";
  if (operator === "=~") return new RegExp(`^(?:${value})$`).test(actual);
  return operator === "=" ? actual === value : actual !== value;
}

/** The receiver and first wait of an alert: the deepest first match, inheriting what it does not say. */
function routed(route: Route, labels: Labels, inherited: Route = {}): Route {
  const here = { ...inherited, ...route };
  const child = route.routes?.find(({ matchers = [] }) => matchers.every((matcher) => matches(matcher, labels)));
  return child === undefined ? here : routed(child, labels, here);
}

function isMuted(target: Labels, source: Labels): boolean {
  return config(alerts).inhibit_rules.some(
    (rule) =>
      rule.source_matchers.every((matcher) => matches(matcher, source)) &&
      rule.target_matchers.every((matcher) => matches(matcher, target)) &&
      rule.equal.every((label) => (source[label] ?? "") === (target[label] ?? "")),
  );
}

test("a team's alerts go to its receiver, all others to the default one", () => {
  const { route } = config(alerts);
  assert.equal(routed(route, { alertname: "X", team: "team-shop", severity: "warning" }).receiver, "shop");
  assert.equal(routed(route, { alertname: "X", team: "team-blog", severity: "critical" }).receiver, "platform");
  assert.equal(routed(route, { alertname: "EnvoyDown", severity: "critical" }).receiver, "platform");
});

test("what pages waits less for company than what does not", () => {
  const { route } = config(alerts);
  for (const team of ["team-shop", "team-blog"]) {
    assert.equal(routed(route, { alertname: "X", team, severity: "critical" }).group_wait, "10s");
    assert.equal(routed(route, { alertname: "X", team, severity: "warning" }).group_wait, "30s");
  }
  assert.equal(routed(config({ ...alerts, groupWait: 1000 }).route, { severity: "critical" }).group_wait, "1s");
});

test("the watchdog goes to the dead man's switch each minute, or to nobody", () => {
  const watchdog = { alertname: "Watchdog", severity: "none" };
  assert.equal(routed(config(alerts).route, watchdog).receiver, "nobody");
  const switched = routed(config({ ...alerts, watchdogReceiver: "platform" }).route, watchdog);
  assert.equal(switched.receiver, "platform");
  assert.equal(switched.repeat_interval, "1m");
});

test("without receivers alerts are shown and sent to nobody", () => {
  const { route, receivers } = config({ ...alerts, receivers: [], routes: [], defaultReceiver: undefined });
  assert.equal(route.receiver, "nobody");
  assert.deepEqual(receivers, [{ name: "nobody" }]);
});

test("while no Envoy is left upstreams say nothing; while one is they do, and it does", () => {
  const down = { alertname: "EnvoyDown", severity: "critical", appliance: "a", envoys: "all", instance: "one" };
  const some = { ...down, envoys: "some" };
  const upstream = { alertname: "UpstreamNoHealthyEndpoints", severity: "critical", appliance: "a" };
  assert.ok(!isMuted(upstream, some));
  for (const source of [down, some]) {
    assert.ok(isMuted({ ...upstream, alertname: "XdsDisconnected", instance: "one" }, source));
    assert.ok(!isMuted({ ...upstream, alertname: "XdsDisconnected", instance: "two" }, source));
  }
  assert.ok(isMuted({ alertname: "UpstreamNoHealthyEndpoints", severity: "critical", appliance: "a" }, down));
  assert.ok(!isMuted({ alertname: "UpstreamNoHealthyEndpoints", severity: "critical", appliance: "b" }, down));
  assert.ok(!isMuted({ alertname: "CertificateExpired", severity: "critical", appliance: "a" }, down));
});

test("a critical alert mutes the warnings of its own object, and no other's", () => {
  const cart = { backend: "local", namespace: "team-shop", service: "cart", port: "80" };
  const source = { alertname: "UpstreamNoHealthyEndpoints", severity: "critical", ...cart };
  assert.ok(isMuted({ alertname: "UpstreamConnectFailures", severity: "warning", ...cart }, source));
  assert.ok(!isMuted({ alertname: "UpstreamConnectFailures", severity: "warning", ...cart, service: "pay" }, source));
  // Two alerts of the appliance have no object in common just because they name none.
  assert.ok(
    !isMuted({ alertname: "SeriesHigh", severity: "warning" }, { alertname: "HostMemoryLow", severity: "critical" }),
  );
  const secret = { namespace: "team-shop", name: "shop-tls" };
  assert.ok(
    isMuted(
      { alertname: "CertificateExpiringSoon", severity: "warning", ...secret },
      { alertname: "CertificateExpired", severity: "critical", ...secret },
    ),
  );
});

test("no alert mutes itself", () => {
  const rules = config(alerts).inhibit_rules;
  for (const { source_matchers, target_matchers } of rules) {
    const names = ["EnvoyDown", "EnvoyNotLive", "DiscoverySourceStale", "UpstreamEmpty", "HighErrorRatio"];
    for (const alertname of names) {
      for (const severity of ["critical", "warning"]) {
        const labels = { alertname, severity, service: "s", route_name: "r", name: "n" };
        const both = [...source_matchers, ...target_matchers].every((matcher) => matches(matcher, labels));
        assert.ok(!both, `${alertname} mutes itself`);
      }
    }
  }
});

test("receivers: webhook with a token's file, mail with a password's file, both with the end of an alert", () => {
  const email = {
    to: ["a@example.com", "b@example.com"],
    from: "binnacle@example.com",
    smarthost: "mail.example.com:587",
    username: "binnacle",
    passwordFile: "/s/mail",
    requireTls: true,
  };
  const receivers = [{ name: "all", webhook: { url: webhook.url, bearerTokenFile: "/s/hook" }, email }];
  const [all] = config({ ...alerts, receivers, defaultReceiver: "all", routes: [] }).receivers;
  assert.deepEqual(all?.["webhook_configs"], [
    { url: webhook.url, send_resolved: true, http_config: { authorization: { credentials_file: "/s/hook" } } },
  ]);
  assert.deepEqual(all?.["email_configs"], [
    {
      to: "a@example.com, b@example.com",
      from: email.from,
      smarthost: email.smarthost,
      auth_username: "binnacle",
      auth_password_file: "/s/mail",
      require_tls: true,
      send_resolved: true,
      headers: { Subject: '{{ template "binnacle.subject" . }}' },
      html: '{{ template "binnacle.email.html" . }}',
      text: '{{ template "binnacle.email.text" . }}',
    },
  ]);
});

test("on loopback, signed in, without gossip", () => {
  const settings = { port: 9093, externalUrl: "http://127.0.0.1:8600/alertmanager", alerts };
  const args = alertmanagerArguments(settings, paths);
  for (const wanted of [
    "--web.listen-address=127.0.0.1:9093",
    "--cluster.listen-address=",
    "--web.config.file=/s/web.yml",
    "--web.external-url=http://127.0.0.1:8600/alertmanager",
  ])
    assert.ok(args.includes(wanted), wanted);
  assert.deepEqual(load(alertmanagerWebConfig("binnacle", "$2b$10$x")), { basic_auth_users: { binnacle: "$2b$10$x" } });
});
