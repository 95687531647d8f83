import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load-config.ts";

const east = "{name: east, kubernetes: {kubeconfig: east.yaml}}";
const problems = (text: string) => loadConfig(text, "conf/binnacle.yaml").problems.map(({ message }) => message);

test("a backend's kubeconfig is meant from the file's folder, and all its namespaces are followed", () => {
  const [backend] = loadConfig(`backends: [${east}]`, "conf/binnacle.yaml").config?.backends ?? [];
  assert.equal(backend?.kubernetes?.kubeconfig, "conf/east.yaml");
  assert.deepEqual(backend?.namespaces, { allow: [], deny: [], map: {} });
});

test("names that no Service could begin with, that are taken or the home's are refused", () => {
  for (const name of ["East", "1east", "east-", "local"])
    assert.equal(problems(`backends: [{name: ${name}, kubernetes: {kubeconfig: a}}]`).length, 1, name);
  assert.match(problems(`backends: [${east}, ${east}]`)[0] ?? "", /name east stands already/);
});

const service = "{name: ledger, namespace: team-bank, ports: [{port: 80, targetPort: 8080}], addresses: [192.0.2.1]}";

test("a backend names exactly one platform, by its key", () => {
  const message = (entry: string) => problems(`backends: [${entry}]`)[0] ?? "";
  assert.match(message("{name: a}"), /names no platform, expected one of kubernetes, .*static/);
  assert.match(
    message(`{name: a, kubernetes: {kubeconfig: x}, static: {services: [${service}]}}`),
    /kubernetes is this backend's platform/,
  );
  assert.match(message("{name: a, vmware: {}}"), /unknown field/);
});

test("static services: their ports lead to the same number unless another is given", () => {
  const { config, problems } = loadConfig(`backends: [{name: old, static: {services: [${service}]}}]`, "f");
  assert.deepEqual(problems, []);
  assert.deepEqual(config?.backends[0]?.static?.services[0]?.ports, [
    { name: "", port: 80, targetPort: 8080, protocol: "TCP" },
  ]);
});

test("what is wrong with static services is told where it stands", () => {
  const of = (services: string, more = "") =>
    loadConfig(`backends: [{name: old, static: {services: [${services}]}${more}}]`, "f").problems.map(
      ({ path, message }) => `${path.replace("backends[0].static.", "")}: ${message}`,
    );
  for (const [services, expected] of [
    [`${service}, ${service}`, /services\[1\].name: team-bank\/ledger stands already at index 0/],
    [
      service.replace("192.0.2.1", "'192.0.2.1:80'"),
      /services\[0\].addresses\[0\]: .*expected an IP address or a host name/,
    ],
    [
      service.replace("192.0.2.1", "192.0.2.256"),
      /services\[0\].addresses\[0\]: .*expected an IP address or a host name/,
    ],
    [service.replace("192.0.2.1", "192.0.2.1, 192.0.2.1"), /services\[0\].addresses\[1\]: 192.0.2.1 stands already/],
    [
      service.replace("{port: 80, targetPort: 8080}", "{port: 80}, {port: 81}"),
      /ports\[0\].name: missing: with several/,
    ],
    [
      service.replace("{port: 80, targetPort: 8080}", "{port: 80, name: a}, {port: 80, name: b}"),
      /TCP port 80 stands already/,
    ],
  ] as const)
    assert.match(of(services)[0] ?? "", expected);
  assert.match(of(service, ", labelSelector: a")[0] ?? "", /says nothing on static/);
  assert.match(of(service, ", namespaces: {allow: [a]}")[0] ?? "", /says nothing on static/);
});

const named = (rest: string) => `{name: cart, namespace: shop, ports: [{port: 80}], ${rest}}`;
const dnsBackend = (services: string, more = "") => `backends: [{name: legacy, dns: {services: [${services}]${more}}}]`;

test("DNS: names by hosts or by SRV, five seconds to five minutes, from the machine's own servers", () => {
  const text = dnsBackend(
    `${named("hosts: [a.example.com]")}, ${named("srv: _http._tcp.example.com").replace("cart", "b")}`,
  );
  const { config, problems } = loadConfig(text, "f");
  assert.deepEqual(problems, []);
  const { services, ...rest } = config?.backends[0]?.dns ?? { services: [] };
  assert.deepEqual(rest, {
    servers: [],
    timeout: 2000,
    minimumTtl: 5000,
    maximumTtl: 300_000,
    addressTypes: ["A", "AAAA"],
  });
  assert.deepEqual(
    services.map(({ names }) => names),
    [{ hosts: ["a.example.com"] }, { srv: "_http._tcp.example.com" }],
  );
});

test("what is wrong with DNS services is told where it stands", () => {
  for (const [text, expected] of [
    [dnsBackend(named("hosts: [10.0.0.1]")), /found the address 10.0.0.1, expected a DNS name/],
    [dnsBackend(named("srv: cart.example.com")), /expected the name of SRV records/],
    [dnsBackend("{name: cart, namespace: shop, ports: [{port: 80}]}"), /names nothing to ask for/],
    [dnsBackend(named("hosts: [a.b], srv: _http._tcp.a.b")), /has both hosts and srv/],
    [
      dnsBackend(named("srv: _http._tcp.a.b").replace("{port: 80}", "{port: 80, name: a}, {port: 81, name: b}")),
      /found 2 ports/,
    ],
    [dnsBackend(named("hosts: [a.b]"), ", servers: [dns.example.com]"), /expected an IP address, or address:port/],
    [dnsBackend(named("hosts: [a.b]"), ", minimumTtl: 10m"), /found more than maximumTtl/],
  ] as const)
    assert.match(problems(text)[0] ?? "", expected);
});

const openstack = (rest: string) => `backends: [{name: cloud, openstack: {authUrl: "https://keystone:5000", ${rest}}}]`;

test("OpenStack: a user with a password file, or an application credential, or a token file", () => {
  const { config, problems: found } = loadConfig(openstack("username: reader, passwordFile: secret"), "conf/f");
  assert.deepEqual(found, []);
  const settings = config?.backends[0]?.openstack;
  assert.deepEqual(
    [settings?.passwordFile, settings?.userDomain, settings?.interface, settings?.interval, settings?.servers],
    ["conf/secret", "Default", "public", 30_000, undefined],
  );
  for (const [rest, expected] of [
    ["region: a", /has 0 ways to prove who it is/],
    ["username: a, passwordFile: b, tokenFile: c", /has 2 ways/],
    ["username: a", /a user has a name and a password/],
    ["username: a, password: hunter2", /unknown field/],
  ] as const) {
    const [problem = ""] = problems(openstack(rest));
    assert.match(problem, expected);
    assert.doesNotMatch(problem, /hunter/);
  }
  assert.match(
    problems("backends: [{name: c, openstack: {authUrl: keystone, tokenFile: a}}]")[0] ?? "",
    /expected a URL/,
  );
  const selector = openstack("tokenFile: a").replace("}}]", "}, labelSelector: a}]");
  assert.match(problems(selector)[0] ?? "", /says nothing on openstack/);
});

const ec2 = (rest: string) => `backends: [{name: aws, ec2: {${rest}}}]`;

test("EC2: regions, and everything else has a default", () => {
  const { config, problems: found } = loadConfig(ec2("regions: [eu-west-1], credentialsFile: keys"), "conf/f");
  assert.deepEqual(found, []);
  const settings = config?.backends[0]?.ec2;
  assert.deepEqual(
    [settings?.credentialsFile, settings?.serviceKey, settings?.addresses, settings?.interval, settings?.vpcs],
    ["conf/keys", "binnacle.service", "private", 30_000, []],
  );
  for (const [rest, expected] of [
    ["interval: 1m", /missing|expected/],
    ["regions: []", /./],
    ["regions: [eu-west-1, eu-west-1]", /names a region twice/],
    ["regions: [EU]", /./],
    ["regions: [a], endpoint: ec2.example.com", /expected a URL/],
    ["regions: [a], vpcs: [subnet-1]", /expected an id such as vpc-/],
    ["regions: [a], team: Team A", /./],
    ["regions: [a], secretAccessKey: hunter2", /unknown field/],
  ] as const) {
    const [problem = ""] = problems(ec2(rest));
    assert.match(problem, expected);
    assert.doesNotMatch(problem, /hunter/);
  }
});

const digitalocean = (rest: string) => `backends: [{name: ocean, digitalocean: {${rest}}}]`;

test("DigitalOcean: a file with a token, and everything else has a default; keys have no dots, as its tags have none", () => {
  const { config, problems: found } = loadConfig(digitalocean("tokenFile: token"), "conf/f");
  assert.deepEqual(found, []);
  const { tokenFile, ...defaults } = config?.backends[0]?.digitalocean ?? {};
  assert.equal(tokenFile, "conf/token");
  assert.deepEqual(defaults, {
    endpoint: "https://api.digitalocean.com",
    interval: 30_000,
    timeout: 10_000,
    pageSize: 200,
    serviceKey: "binnacle-service",
    portKey: "binnacle-port",
    teamKey: "binnacle-team",
    addresses: "private",
  });
  for (const [rest, expected] of [
    ["interval: 1m", /missing, expected a text/],
    ["tokenFile: a, token: hunter2", /unknown field/],
    ["tokenFile: a, pageSize: 500", /./],
    ["tokenFile: a, tag: a.b", /found the text "a.b", expected a tag: letters/],
    ["tokenFile: a, serviceKey: 'binnacle:service'", /expected letters, digits, '-' and '_'/],
    ["tokenFile: a, team: Team A", /./],
    ["tokenFile: a, addresses: floating", /expected one of private, public, ipv6/],
    ["tokenFile: a, endpoint: api.digitalocean.com", /expected a URL/],
  ] as const) {
    const [problem = ""] = problems(digitalocean(rest));
    assert.match(problem, expected, rest);
    assert.doesNotMatch(problem, /hunter/);
  }
  const labels = digitalocean("tokenFile: a").replace("}}]", "}, labels: [a]}]");
  assert.match(problems(labels)[0] ?? "", /says nothing on digitalocean/);
});

const rackspace = (rest: string) => `backends: [{name: rack, rackspace: {${rest}}}]`;

test("Rackspace: a user with a file of the API key, and regions as its catalog has them", () => {
  const needed = "username: reader, apiKeyFile: key";
  const { config, problems: found } = loadConfig(rackspace(`${needed}, regions: [DFW, LON]`), "conf/f");
  assert.deepEqual(found, []);
  const settings = config?.backends[0]?.rackspace;
  assert.deepEqual(
    [settings?.apiKeyFile, settings?.identityUrl, settings?.serviceKey, settings?.interval],
    ["conf/key", "https://identity.api.rackspacecloud.com/v2.0", "binnacle.service", 30_000],
  );
  for (const [rest, expected] of [
    ["regions: [DFW]", /missing, expected a text/],
    [`${needed}, regions: []`, /./],
    [`${needed}, regions: [DFW, DFW]`, /names a region twice/],
    [`${needed}, regions: [dfw]`, /found the text "dfw", expected a region such as DFW/],
    [`${needed}, regions: [DFW], apiKey: hunter2`, /unknown field/],
  ] as const) {
    const [problem = ""] = problems(rackspace(rest));
    assert.match(problem, expected, rest);
    assert.doesNotMatch(problem, /hunter/);
  }
});

const behind = (gateway: string, more = "") => `backends: [{${east.slice(1, -1)}, gateway: {${gateway}}}]${more}`;

test("a gateway: an address, HTTP/1.1 unless told, TLS by files", () => {
  const text = behind("address: gw.example:8443, protocol: http2, tls: {caFile: ca, certificateFile: c, keyFile: k}");
  const { config, problems: found } = loadConfig(text, "conf/f");
  assert.deepEqual(found, []);
  assert.deepEqual(config?.backends[0]?.gateway, {
    address: "gw.example:8443",
    protocol: "http2",
    tls: { caFile: "conf/ca", certificateFile: "conf/c", keyFile: "conf/k" },
  });
  assert.equal(
    loadConfig(behind('address: "[2001:db8::1]:3128"'), "f").config?.backends[0]?.gateway?.protocol,
    "http1",
  );
});

test("what is wrong with a gateway is told where it stands", () => {
  const remote = "\nxds: {remote: {address: 0.0.0.0, certificateFile: a, keyFile: b, clientCaFile: c}}";
  for (const [text, expected] of [
    [behind("address: gw.example"), /expected host:port/],
    [behind("protocol: http1"), /missing/],
    [behind("address: 'gw:1', protocol: socks5"), /expected one of http1, http2/],
    [behind("address: 'gw:1', tls: {}"), /missing, expected a text/],
    [behind("address: 'gw:1', tls: {caFile: a, keyFile: b}"), /missing, and keyFile is given/],
    [behind("address: '192.0.2.1:1', tls: {caFile: a}"), /the address is an IP address/],
    [behind("address: 'gw:1', tls: {caFile: a, serverName: 'a b'}"), /expected a DNS name/],
    [behind("address: 'gw:1', key: hunter2"), /unknown field/],
    [behind("address: 'gw:1'", remote), /Envoys on other machines .* cannot use gateways/],
  ] as const)
    assert.match(problems(text)[0] ?? "", expected, text);
});

test("of OpenStack a namespace may be a project's id or domain and name; of others it has no domain", () => {
  const namespaces =
    'namespaces: {deny: ["Evil/shop"], map: {8a3f0000000000000000000000000000: team-a, "Default/Shop 1": team-b}}';
  const cloud = "openstack: {authUrl: http://keystone:5000, tokenFile: token}";
  const cluster = "kubernetes: {kubeconfig: east.kubeconfig}";
  assert.deepEqual(problems(`backends: [{name: cloud, ${cloud}, ${namespaces}}]`), []);
  const found = problems(`backends: [{name: east, ${cluster}, ${namespaces}}]`);
  assert.equal(found.length, 2, found.join("\n"));
  for (const message of found) assert.match(message, /has a domain, which only projects of OpenStack have/);
});
