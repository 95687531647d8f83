import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatProblem } from "#lib/problem.ts";
import { defaultConfig, loadConfig } from "./load-config.ts";

function problemsOf(text: string): string[] {
  return loadConfig(text, "binnacle.yaml").problems.map((problem) =>
    formatProblem(problem).replace(/^binnacle\.yaml:/, ""),
  );
}

describe("a file without settings is the default configuration", () => {
  for (const text of ["", "# nothing\n", "---\n", "{}", "listeners:\nrouting:\n", "null"]) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(loadConfig(text, "binnacle.yaml"), { config: defaultConfig(), problems: [] });
    });
  }
});

test("the defaults keep everything on loopback", () => {
  const { listeners, api, xds } = defaultConfig();
  assert.deepEqual(
    listeners.map(({ name, address, port }) => `${name} ${address}:${port}`),
    ["http 127.0.0.1:8080", "https 127.0.0.1:8443"],
  );
  assert.equal(api.address, "127.0.0.1");
  assert.equal(xds.remote, undefined);
});

test("durations are milliseconds, paths start at the file's folder, ranges have both ends", () => {
  const { config } = loadConfig(
    `
sources: {directory: objects}
routing: {requestTimeout: 0s, connectTimeout: 250ms}
upstreams: {allowLocal: [3000, "4000", 9000-9010]}
api: {tls: {certificateFile: ../tls/a.crt, keyFile: /etc/tls/a.key}}
listeners: [{port: 5432, protocol: tcp, service: "db/postgres:5432"}, {port: 53, protocol: udp, service: "dns/coredns:dns"}]
`,
    "conf/binnacle.yaml",
  );
  assert.equal(config?.sources.directory, "conf/objects");
  assert.deepEqual([config?.routing.requestTimeout, config?.routing.connectTimeout], [0, 250]);
  assert.deepEqual(config?.upstreams.allowLocal, [
    { from: 3000, to: 3000 },
    { from: 4000, to: 4000 },
    { from: 9000, to: 9010 },
  ]);
  assert.deepEqual(config?.api.tls, { certificateFile: "tls/a.crt", keyFile: "/etc/tls/a.key" });
  assert.deepEqual(
    config?.listeners.map(({ name, service }) => [name, service]),
    [
      ["tcp-5432", { namespace: "db", name: "postgres", port: 5432 }],
      ["udp-53", { namespace: "dns", name: "coredns", port: "dns" }],
    ],
  );
});

test('allowLocal "*" is every port', () => {
  assert.deepEqual(loadConfig('upstreams: {allowLocal: ["*"]}', "f").config?.upstreams.allowLocal, [
    { from: 1, to: 65535 },
  ]);
});

test("without a default receiver the first one is it", () => {
  const { config } = loadConfig("alerts: {receivers: [{name: a, webhook: {url: 'http://x/'}}]}", "f");
  assert.equal(config?.alerts.defaultReceiver, "a");
});

for (const text of [
  "listeners: [{port: 53, protocol: udp, service: 'a/b:53'}, {port: 53, protocol: tcp, service: 'a/b:53'}]",
  "listeners: [{address: 127.0.0.1, port: 80, protocol: http}, {address: 127.0.0.2, port: 80, protocol: http, name: two}]",
  "listeners: [{address: '::', port: 80, protocol: http}]",
  "listeners: [{port: 443, protocol: https, http3: true, http3Port: 8443}, {port: 443, protocol: tcp, address: 127.0.0.2, service: 'a/b:1'}]",
  "api: {address: 127.0.0.2}",
  "api: {address: '::1'}",
  "api: {address: 0.0.0.0, tls: {certificateFile: a, keyFile: b}}",
  "monitoring: {grafana: {enabled: false, port: 8600}}",
  "monitoring: {prometheus: {enabled: auto}}",
]) {
  test(`${text} is accepted`, () => assert.deepEqual(problemsOf(text), []));
}

const durationExpected = "expected a duration such as 15s, 500ms or 5m";

describe("refused:", () => {
  for (const [text, ...expected] of [
    ["[]", "1: found a list, expected a map of settings"],
    ["listeners", '1: found the text "listeners", expected a map of settings'],
    ["a: 1\n---\nb: 1", " found 2 documents, expected one; join them into one"],
    ["log:\n\tlevel: info", "2: not valid YAML: tab characters must not be used in indentation; indent with spaces"],
    ["log: {level: info}\nlog: {}", "2: not valid YAML: duplicated mapping key; keep one of the two"],
    ["logs: {}", "1: logs: unknown field; write log"],
    ["\nfoo: 1", "2: foo: unknown field; remove it"],
    ["log:\n  level: verbose", '2: log.level: found the text "verbose", expected one of debug, info, warn, error'],
    [
      "log:\n  level: Warn",
      '2: log.level: found the text "Warn", expected one of debug, info, warn, error; write warn',
    ],
    ["log:\n  levle: info", "2: log.levle: unknown field; write level"],
    ["log: info", '1: log: found the text "info", expected a map'],
    ["api:\n  port: 8080", "2: api.port: port 8080 is taken by listeners[0].port; use another port"],
    ["envoy:\n  statsPort: 8600", "2: envoy.statsPort: port 8600 is taken by api.port; use another port"],
    [
      "monitoring:\n  grafana:\n    port: 9090",
      "3: monitoring.grafana.port: port 9090 is taken by monitoring.prometheus.port; use another port",
    ],
    [
      "api:\n  address: 0.0.0.0",
      "2: api.address: found 0.0.0.0, which is beyond loopback; without TLS its token would cross the network in the clear; add tls, or write 127.0.0.1",
    ],
    [
      "api:\n  address: 192.0.2.1",
      "2: api.address: found 192.0.2.1, which is beyond loopback; without TLS its token would cross the network in the clear; add tls, or write 127.0.0.1",
    ],
    ["api:\n  tls: {certificateFile: a.crt}", "2: api.tls.keyFile: missing, expected a text; add it"],
    [
      "api:\n  tls: {certificateFile: '', keyFile: b}",
      "2: api.tls.certificateFile: found an empty text, expected a path",
    ],
    [
      "api:\n  allowedHosts: ['https://a.example.com']",
      `2: api.allowedHosts[0]: found "https://a.example.com", expected a host name: letters a-z, digits, '-' and '.', or '*.' in front, with a letter or digit at both ends`,
    ],
    [
      "routing:\n  requestTimeout: 15",
      `2: routing.requestTimeout: found 15, ${durationExpected}; write 15s if seconds are meant`,
    ],
    ["routing:\n  requestTimeout: soon", `2: routing.requestTimeout: found the text "soon", ${durationExpected}`],
    ["routing:\n  connectTimeout: 0s", `2: routing.connectTimeout: found the text "0s", ${durationExpected}`],
    [
      "routing:\n  tls:\n    minimumVersion: 1.2",
      "3: routing.tls.minimumVersion: found 1.2, expected one of 1.2, 1.3; put it in quotes",
    ],
    [
      'routing:\n  tls:\n    minimumVersion: "1.1"',
      '3: routing.tls.minimumVersion: found the text "1.1", expected one of 1.2, 1.3; write 1.2',
    ],
    [
      'routing:\n  tls:\n    maximumVersion: "1.2"\n    minimumVersion: "1.3"',
      "4: routing.tls.minimumVersion: found 1.3, which is above maximumVersion 1.2; raise the maximum or lower the minimum",
    ],
    ["routing:\n  ingressClass: ''", "2: routing.ingressClass: found an empty text, expected a DNS name"],
    ["upstreams:\n  allowLocal: 3000", "2: upstreams.allowLocal: found 3000, expected a list"],
    [
      "upstreams:\n  allowLocal: [3000, 9010-9000]",
      '2: upstreams.allowLocal[1]: found the text "9010-9000", expected a port, a range such as 9000-9010, or "*"',
    ],
    [
      "upstreams:\n  allowLocal:\n  - 0\n  - 70000",
      '3: upstreams.allowLocal[0]: found 0, expected a port, a range such as 9000-9010, or "*"',
      '4: upstreams.allowLocal[1]: found 70000, expected a port, a range such as 9000-9010, or "*"',
    ],
    ["traffic:\n  sampleShare: 5%", '2: traffic.sampleShare: found the text "5%", expected a number'],
    ["traffic:\n  sampleShare: 5", "2: traffic.sampleShare: found 5, expected at most 1"],
    ["traffic:\n  retention: 25d", '2: traffic.retention: found the text "25d", expected a duration of at most 24d'],
    [
      "monitoring:\n  prometheus:\n    retention: 3651d",
      '3: monitoring.prometheus.retention: found the text "3651d", expected a duration of at most 3650d',
    ],
    ["traffic:\n  retention: 10ms", '2: traffic.retention: found the text "10ms", expected a duration of at least 1s'],
    [
      "monitoring:\n  prometheus: {enabled: maybe}",
      '2: monitoring.prometheus.enabled: found "maybe", expected true, false or auto',
    ],
    [
      "monitoring:\n  prometheus: {scrapeInterval: 100ms}",
      '2: monitoring.prometheus.scrapeInterval: found the text "100ms", expected a duration of at least 1s',
    ],
    [
      "xds:\n  remote: {}",
      "2: xds.remote.address: missing, expected a text; add it",
      "2: xds.remote.certificateFile: missing, expected a text; add it",
      "2: xds.remote.keyFile: missing, expected a text; add it",
      "2: xds.remote.clientCaFile: missing, expected a text; add it",
    ],
    [
      "xds:\n  remote: {address: 10.0.0.1, certificateFile: a, keyFile: b, clientCaFile: c, allowedNames: [], accessLogPort: 18000}",
      "2: xds.remote.allowedNames: found 0 items, expected at least 1",
      "2: xds.remote.accessLogPort: port 18000 is taken by xds.remote.port; use another port",
    ],
    [
      "xds:\n  remote: {address: 10.0.0.1, certificateFile: a, keyFile: b, clientCaFile: c, allowedNames: ['edge 1']}",
      '2: xds.remote.allowedNames[0]: found the text "edge 1", expected a DNS name, an IP address or a URI as certificates carry it',
    ],
    ["alerts:\n  objective: 99.9", "2: alerts.objective: found 99.9, expected at most 0.99999"],
    ["alerts:\n  objective: 0.5", "2: alerts.objective: found 0.5, expected at least 0.95"],
    ["alerts:\n  receivers: [{name: a}]", "2: alerts.receivers[0]: found neither webhook nor email; add one of them"],
    [
      "alerts:\n  receivers: [{name: a, webhook: {url: 'chat.example.com/hunter2'}}]",
      "2: alerts.receivers[0].webhook.url: expected a URL that begins with https:// or http://",
    ],
    [
      "alerts:\n  receivers: [{name: a, webhook: {url: 'ftp://chat.example.com/hunter2'}}]",
      "2: alerts.receivers[0].webhook.url: expected a URL that begins with https:// or http://",
    ],
    [
      "alerts:\n  receivers: [{name: a, email: {to: [ops], from: a@b.c, smarthost: mail}}]",
      '2: alerts.receivers[0].email.to[0]: found "ops", expected an e-mail address',
      '2: alerts.receivers[0].email.smarthost: found the text "mail", expected host:port',
    ],
    [
      "alerts:\n  receivers: [{name: a, email: {to: [], from: a@b.c, smarthost: 'mail:25', username: x}}]",
      "2: alerts.receivers[0].email.to: found 0 items, expected at least 1",
      "2: alerts.receivers[0].email.passwordFile: missing with username; add it",
    ],
    [
      "alerts:\n  receivers: [{name: ops, webhook: {url: 'http://x/'}}]\n  defaultReceiver: opps",
      "3: alerts.defaultReceiver: no receiver has the name opps; write ops",
    ],
    [
      "alerts:\n  routes: [{team: a, receiver: x}, {team: a, receiver: y}]",
      "2: alerts.routes[0].receiver: no receiver has the name x; add it to receivers",
      "2: alerts.routes[1].receiver: no receiver has the name y; add it to receivers",
      "2: alerts.routes[1].team: team a stands already at index 0; keep one of the two",
    ],
  ] as const) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(problemsOf(text), expected);
      assert.equal(loadConfig(text, "f").config, undefined);
      assert.doesNotMatch(problemsOf(text).join(), /hunter/);
    });
  }
});

test("the problems of all groups come at once, in the order of the file", () => {
  const found = problemsOf(`
listener: []
routing: {requestTimeout: 5, tls: {minimumVersion: "1.0"}}
api: {address: 0.0.0.0, port: 99999}
traffic: {sampleShare: -1}
log: [info]
`);
  assert.deepEqual(
    found.map((line) => line.split(": ").slice(0, 2).join(" ")),
    [
      "2 listener",
      "3 routing.tls.minimumVersion",
      "3 routing.requestTimeout",
      "4 api.port",
      "4 api.address",
      "5 traffic.sampleShare",
      "6 log",
    ],
  );
});
