import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ConnectProxy } from "./support/connect-proxy.ts";
import { DnsServer } from "./support/dns-server.ts";
import { Gateway } from "./support/gateway.ts";
import { endAllGood, more } from "./support/good-answers.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { SteadyLoad } from "./support/steady-load.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { type Responder, Upstream } from "./support/upstream.ts";

/** How long a check is under way, in milliseconds: long enough for requests that nobody may answer meanwhile. */
const CHECK = 300;
const CHECKS = { "binnacle.dev/health-check-path": "/healthz", "binnacle.dev/health-check-interval": "1s" };

const checkedSlowly: Responder = async ({ path }) => {
  if (path === "/healthz") await setTimeout(CHECK);
  return { headers: { connection: "close" } };
};

suite("all endpoints are replaced at once: not one answer but 200 until the new ones are checked", () => {
  test("those of a name, by another answer of DNS", async () => {
    await using stack = new AsyncDisposableStack();
    const first = stack.use(await Upstream.start({ host: "127.0.0.1", respond: checkedSlowly }));
    const { port } = first;
    const second = stack.use(await Upstream.start({ host: "127.0.0.2", port, respond: checkedSlowly }));
    const dns = stack.use(await DnsServer.start(["cart A 127.0.0.1"]));
    const settings = { upstreams: { allowLocal: [{ from: port, to: port }], ownAddresses: [], externalName: true } };
    const gateway = stack.use(await Gateway.start({ dns, settings }));
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "cart-names", namespace: "team", labels: { "kubernetes.io/service-name": "cart" } },
      addressType: "FQDN",
      ports: [{ name: "http", port }],
      endpoints: [{ addresses: ["cart.test"] }],
    };
    gateway.apply(
      together(
        ingress("team", "shop", "shop.test", "cart"),
        service("team", "cart", [], CHECKS),
        JSON.stringify(slice),
      ),
    );
    await gateway.open();
    await until(async () => (await gateway.get("shop.test", "/")).status === 200, { what: "the first endpoint" });
    const load = stack.use(new SteadyLoad({ port: gateway.httpPort, host: "shop.test" }));
    for (const [address, upstream] of [
      ["127.0.0.2", second],
      ["127.0.0.1", first],
      ["127.0.0.2", second],
    ] as const) {
      await more(load);
      const asked = upstream.requests.length;
      await dns.zone([`cart A ${address}`]);
      await until(() => upstream.requests.slice(asked).some(({ path }) => path === "/"), { what: "traffic there" });
    }
    await more(load);
    await endAllGood(load);
  });

  test("those of a gateway's name", async () => {
    await using stack = new AsyncDisposableStack();
    const upstream = stack.use(await Upstream.start({ respond: () => ({ headers: { connection: "close" } }) }));
    const one = stack.use(await ConnectProxy.start());
    const two = stack.use(await ConnectProxy.start(undefined, { host: "127.0.0.2", port: one.port }));
    const dns = stack.use(await DnsServer.start(["gw A 127.0.0.1"]));
    const sockets = stack.use(await temporaryDirectory("tunnels"));
    const gateway = stack.use(await Gateway.start({ dns }));
    gateway.apply(
      together(
        ingress("team", "shop", "shop.test", "a"),
        service("team", "a", [upstream], {}, { "gimbal.projectcontour.io/backend": "dc" }),
      ),
    );
    const socket = join(sockets.path, "dc.sock");
    gateway.controlPlane.setGateway("dc", { host: "gw.test", port: one.port, protocol: "http1", version: "1", socket });
    await gateway.open();
    await until(async () => (await gateway.get("shop.test", "/")).status === 200, { what: "the first tunnel" });
    const load = stack.use(new SteadyLoad({ port: gateway.httpPort, host: "shop.test" }));
    for (let change = 0; change < 6; change++) {
      await more(load);
      const proxy = change % 2 === 0 ? two : one;
      const { tunnels } = proxy;
      await dns.zone([`gw A ${proxy.host}`]);
      await until(() => proxy.tunnels > tunnels, { what: "a tunnel through the other" });
    }
    await more(load);
    await endAllGood(load);
  });
});
