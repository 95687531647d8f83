import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DnsServer } from "./support/dns-server.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

/** A Service of names on a host of its own name. */
function ofNames(name: string, port: number, hosts: readonly string[]): string {
  return together(
    ingress("team", name, `${name}.test`, name),
    service("team", name, []),
    JSON.stringify({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-names`, namespace: "team", labels: { "kubernetes.io/service-name": name } },
      addressType: "FQDN",
      ports: [{ name: "http", port }],
      endpoints: hosts.map((host) => ({ addresses: [host] })),
    }),
  );
}

suite("names as endpoints", { timeout: 600_000 }, () => {
  const status = async (gateway: Gateway, name: string) => (await gateway.get(`${name}.test`, "/")).status;
  const verdicts = ({ controlPlane }: Gateway, name: string) =>
    controlPlane.translator.verdicts({ kind: "EndpointSlice", namespace: "team", name: `${name}-names` });

  test("an answer that points at this machine is refused with a status, until it points elsewhere", async () => {
    await using upstream = await Upstream.start();
    await using secret = await Upstream.start();
    await using dns = await DnsServer.start(["cart A 127.0.0.1", "evil A 127.0.0.1"]);
    const { port } = upstream;
    await using gateway = await Gateway.start({
      dns,
      settings: { upstreams: { allowLocal: [{ from: port, to: port }], ownAddresses: [], externalName: true } },
    });
    await gateway.open();
    gateway.apply(ofNames("cart", port, ["cart.test"]));
    gateway.apply(ofNames("evil", secret.port, ["evil.test"]));
    await until(() => verdicts(gateway, "evil")[0]?.reason, {
      accept: (reason) => reason === "LocalAddressRefused",
      what: "evil.test to be refused",
    });
    await until(() => status(gateway, "cart"), { accept: (code) => code === 200, what: "cart.test" });
    await gateway.settled();
    assert.equal(await status(gateway, "evil"), 503);
    assert.deepEqual(secret.requests, []);
    const [verdict] = verdicts(gateway, "evil");
    assert.match(verdict?.message ?? "", /^evil\.test has the address 127\.0\.0\.1 of this machine/);
    await dns.zone(["cart A 127.0.0.1", "evil A 10.255.255.1"]);
    await until(() => verdicts(gateway, "evil").length === 0, { what: "the better answer" });
  });

  test("answers are followed; while DNS is away the last ones go on, over a restart of the control plane too", async () => {
    await using first = await Upstream.start({ host: "127.0.0.1", respond: () => ({ body: "first" }) });
    await using second = await Upstream.start({
      host: "127.0.0.2",
      port: first.port,
      respond: () => ({ body: "second" }),
    });
    await using dns = await DnsServer.start([`cart A ${first.host}`]);
    await using gateway = await Gateway.start({ dns });
    await gateway.open();
    gateway.apply(ofNames("cart", first.port, ["cart.test"]));
    const body = async () => (await gateway.get("cart.test", "/")).body;
    await until(body, { accept: (now) => now === "first", what: "the first answer" });
    await dns.zone([`cart A ${second.host}`]);
    await until(body, { accept: (now) => now === "second", what: "the second answer" });
    await dns.kill();
    await until(() => verdicts(gateway, "cart")[0]?.reason === "NameNotResolved", { what: "the failure to be told" });
    assert.match(verdicts(gateway, "cart")[0]?.message ?? "", /its last addresses go on$/);
    assert.equal(await body(), "second");
    await gateway.restartControlPlane();
    gateway.apply(ofNames("cart", first.port, ["cart.test"]));
    await gateway.open();
    assert.equal(await body(), "second");
  });

  test("a name that DNS has yet to answer holds up nobody else, and is there once it is answered", async () => {
    await using upstream = await Upstream.start();
    await using dns = await DnsServer.start(["slow A 127.0.0.1"]);
    await dns.freeze();
    await using gateway = await Gateway.start({ dns });
    await gateway.open();
    gateway.apply(ofNames("slow", upstream.port, ["slow.test"]));
    gateway.apply(together(ingress("team", "quick", "quick.test", "quick"), service("team", "quick", [upstream])));
    await until(() => status(gateway, "quick"), { accept: (code) => code === 200, what: "the other host" });
    dns.thaw();
    await until(() => status(gateway, "slow"), { accept: (code) => code === 200, what: "the name" });
  });

  test("names and addresses stand side by side", async () => {
    await using one = await Upstream.start({ host: "127.0.0.1", respond: () => ({ body: "name" }) });
    await using two = await Upstream.start({ host: "127.0.0.2", respond: () => ({ body: "address" }) });
    await using dns = await DnsServer.start(["cart A 127.0.0.1"]);
    await using gateway = await Gateway.start({ dns });
    await gateway.open();
    gateway.apply(together(ofNames("cart", one.port, ["cart.test"]), service("team", "cart", [two])));
    const seen = new Set<string>();
    await until(async () => seen.add((await gateway.get("cart.test", "/")).body).has("name") && seen.has("address"), {
      what: "answers of both",
    });
  });
});
