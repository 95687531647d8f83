import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type ServerRules, translateServers } from "./servers.ts";
import { serverShape } from "./shapes.ts";
import { namespaceOfProject } from "./team-of.ts";

const RULES: ServerRules = {
  serviceKey: "binnacle.service",
  portKey: "binnacle.port",
  teamKey: "binnacle.team",
  anyTeam: false,
  addresses: "fixed",
};
const OWNER = { projectId: "p1", namespace: "team-shop" };

const server = (id: string, addr: string, overrides: { readonly metadata?: object; readonly status?: string } = {}) =>
  serverShape.parse({
    id,
    name: id,
    status: overrides.status ?? "ACTIVE",
    metadata: { "binnacle.service": "web", "binnacle.port": "8080", ...overrides.metadata },
    addresses: {
      inner: [
        { addr, "OS-EXT-IPS:type": "fixed" },
        { addr: "203.0.113.9", "OS-EXT-IPS:type": "floating" },
      ],
      outer: [{ addr: "192.0.2.9", "OS-EXT-IPS:type": "fixed" }],
    },
  });

const endpoints = (servers: readonly ReturnType<typeof server>[], rules = RULES) =>
  translateServers(servers, OWNER, rules).services.map(
    ({ scope, service, namespace, endpoints }) =>
      `${namespace} ${scope}/${service} ${endpoints.flatMap((group) => group.endpoints.map(({ address, ready }) => `${address}:${group.ports[0]?.port}${ready ? "" : "!"}`)).join(" ")}`,
  );

suite("servers as endpoints", () => {
  test("those of one name are a service, and ACTIVE ones are ready; without the key a server is none", () => {
    const found = endpoints([
      server("b", "10.0.0.2", { status: "SHUTOFF" }),
      server("a", "10.0.0.1"),
      server("c", "10.0.0.3", { metadata: { "binnacle.service": "cart", "binnacle.port": "9090" } }),
      serverShape.parse({ id: "d" }),
    ]);
    assert.deepEqual(found, ["team-shop p1/cart 10.0.0.3:9090", "team-shop p1/web 10.0.0.1:8080 10.0.0.2:8080!"]);
  });

  test("the network and the kind of address are chosen", () => {
    assert.deepEqual(endpoints([server("a", "10.0.0.1")], { ...RULES, network: "outer" }), [
      "team-shop p1/web 192.0.2.9:8080",
    ]);
    assert.deepEqual(endpoints([server("a", "10.0.0.1")], { ...RULES, addresses: "floating" }), [
      "team-shop p1/web 203.0.113.9:8080",
    ]);
  });

  test("a server names another team only where that is allowed: it would place services in a stranger's namespace", () => {
    const stranger = [server("a", "10.0.0.1", { metadata: { "binnacle.team": "team-bank" } })];
    assert.deepEqual(endpoints(stranger), []);
    assert.match(translateServers(stranger, OWNER, RULES).problems[0]?.message ?? "", /names team-bank/);
    assert.deepEqual(endpoints(stranger, { ...RULES, anyTeam: true }), ["team-bank p1.team-bank/web 10.0.0.1:8080"]);
  });

  test("metadata that cannot be used is a problem of that server alone", () => {
    for (const [metadata, words] of [
      [{ "binnacle.service": "Web Shop" }, /no DNS label/],
      [{ "binnacle.port": "http" }, /missing or no port/],
    ] as const) {
      const { services, problems } = translateServers(
        [server("a", "10.0.0.1", { metadata }), server("b", "10.0.0.2")],
        OWNER,
        RULES,
      );
      assert.equal(services.length, 1);
      assert.match(problems[0]?.message ?? "", words);
    }
    const { problems } = translateServers([server("a", "10.0.0.1")], OWNER, { ...RULES, network: "none" });
    assert.match(problems[0]?.message ?? "", /no such address/);
  });

  for (const [project, namespace] of [
    ["team-blue", "team-blue"],
    ["Team Blue (EU)", "team-blue-eu"],
    ["--", ""],
    ["x".repeat(70), "x".repeat(63)],
  ] as const)
    test(`the project ${project} is the namespace ${namespace}`, () =>
      assert.equal(namespaceOfProject(project), namespace));
});
