import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Instance } from "./instance.ts";
import { type InstanceRules, translateInstances } from "./translate-instances.ts";

const RULES: InstanceRules = {
  serviceKey: "binnacle.service",
  portKey: "binnacle.port",
  teamKey: "binnacle.team",
  addresses: "private",
  teamOf: (team) => (team === "team-hidden" ? undefined : team === "shop" ? "team-shop" : team),
};

const TERMS = { instance: "instance", tag: "tag", settings: "ec2" };
const TAGS = { "binnacle.service": "web", "binnacle.port": "8080", "binnacle.team": "team-shop" };

const instance = (id: string, overrides: Partial<Instance> = {}): Instance => ({
  id,
  name: undefined,
  state: "running",
  private: `10.0.0.${id}`,
  public: undefined,
  ipv6: undefined,
  zone: "eu-west-1a",
  ...overrides,
  tags: { ...TAGS, ...overrides.tags },
});

const translated = (instances: readonly Instance[], rules: Partial<InstanceRules> = {}, suffix = "") =>
  translateInstances(instances, { scope: "eu-west-1", suffix, words: " in eu-west-1" }, { ...RULES, ...rules }, TERMS);

const states = (instances: readonly Instance[], rules: Partial<InstanceRules> = {}) =>
  translated(instances, rules).services.flatMap(({ endpoints }) =>
    endpoints.flatMap((group) =>
      group.endpoints.map(
        ({ address, ready, serving, terminating }) =>
          `${address} ${group.addressType} ${ready ? "ready" : serving && terminating ? "last resort" : "down"}`,
      ),
    ),
  );

const complaint = (one: Instance, rules: Partial<InstanceRules> = {}) => {
  const { services, problems } = translated([instance("1"), one], rules);
  assert.equal(services.length, 1, "the other is found all the same");
  return problems.map(({ message }) => message).join();
};

suite("instances as endpoints", () => {
  test("those of one team and name are a service, a port for each number that they name", () => {
    const { services, problems } = translated([
      instance("3", { tags: { "binnacle.port": "9090" } }),
      instance("2"),
      instance("1"),
    ]);
    const ready = (address: string) => ({
      address,
      ready: true,
      serving: true,
      terminating: false,
      zone: "eu-west-1a",
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(services, [
      {
        scope: "eu-west-1.team-shop",
        service: "web",
        namespace: "team-shop",
        labels: {},
        annotations: {},
        ports: [
          { name: "port-8080", port: 8080, protocol: "TCP" },
          { name: "port-9090", port: 9090, protocol: "TCP" },
        ],
        endpoints: [
          {
            addressType: "IPv4",
            ports: [{ name: "port-8080", protocol: "TCP", port: 8080 }],
            endpoints: [ready("10.0.0.1"), ready("10.0.0.2")],
          },
          {
            addressType: "IPv4",
            ports: [{ name: "port-9090", protocol: "TCP", port: 9090 }],
            endpoints: [ready("10.0.0.3")],
          },
        ],
      },
    ]);
  });

  test("only a running one is ready; one that goes down is a last resort; one that is gone is none", () => {
    for (const [state, expected] of [
      ["running", ["10.0.0.1 IPv4 ready"]],
      ["idle", ["10.0.0.1 IPv4 down"]],
      ["ending", ["10.0.0.1 IPv4 last resort"]],
      ["gone", []],
    ] as const)
      assert.deepEqual(states([instance("1", { state })]), expected, state);
  });

  test("private, public or IPv6 address, as is asked for", () => {
    const one = instance("1", { public: "203.0.113.1", ipv6: "2001:db8::1" });
    assert.deepEqual(states([one], { addresses: "public" }), ["203.0.113.1 IPv4 ready"]);
    assert.deepEqual(states([one], { addresses: "ipv6" }), ["2001:db8::1 IPv6 ready"]);
    assert.match(
      complaint(instance("2", { private: undefined })),
      /instance 2 in eu-west-1: it has no private address/,
    );
    for (const state of ["idle", "ending"] as const)
      assert.equal(complaint(instance("2", { state, private: undefined })), "", "no mistake of anybody's");
  });

  test("teams: of the tag, chosen and mapped, or the one that is given; two have services of one name", () => {
    const names = (instances: readonly Instance[], rules: Partial<InstanceRules> = {}, suffix = "") =>
      translated(instances, rules, suffix).services.map(({ scope, namespace, service }) => [scope, namespace, service]);
    const of = (team: string) => instance("1", { tags: { "binnacle.team": team } });
    assert.deepEqual(names([of("shop"), of("team-bank"), of("team-hidden")]), [
      ["eu-west-1.team-bank", "team-bank", "web"],
      ["eu-west-1.team-shop", "team-shop", "web"],
    ]);
    const { "binnacle.team": _, ...tags } = TAGS;
    const without = { ...instance("2"), tags };
    assert.match(complaint(without), /it has no tag binnacle.team/);
    assert.deepEqual(names([without], { team: "team-bank" }), [["eu-west-1.team-bank", "team-bank", "web"]]);
    assert.deepEqual(names([instance("1")], {}, "-eu-west-1")[0]?.[2], "web-eu-west-1");
  });

  test("tags that cannot be used are told with the instance's name, and cost no other", () => {
    for (const [tags, expected, name] of [
      [{ "binnacle.service": "Web_1" }, /instance shop 2 in eu-west-1: binnacle.service is no DNS label/, "shop"],
      [{ "binnacle.service": "" }, /no DNS label/],
      [{ "binnacle.service": "a".repeat(64) }, /no DNS label/],
      [{ "binnacle.service": "web/.." }, /no DNS label/],
      [{ "binnacle.team": "Team A" }, /binnacle.team is no DNS label/],
      [{ "binnacle.port": "" }, /binnacle.port is missing or no port/],
      [{ "binnacle.port": "http" }, /no port/],
      [{ "binnacle.port": "65536" }, /no port/],
      [{ "binnacle.port": "80.5" }, /no port/],
    ] as const)
      assert.match(complaint(instance("2", { name, tags: tags as unknown as Instance["tags"] })), expected);
    assert.equal(translated([{ ...instance("1"), tags: { Name: "other" } }]).problems.length, 0);
  });

  test("the order of the answers says nothing", () => {
    const all = ["1", "2", "3", "4"].map((id) => instance(id, { tags: { "binnacle.port": `80${Number(id) % 2}` } }));
    assert.deepEqual(translated(all), translated(all.toReversed()));
  });
});
