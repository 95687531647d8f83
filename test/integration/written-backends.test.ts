import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplianceHome } from "./support/appliance-home.ts";
import { DnsServer } from "./support/dns-server.ts";
import { httpGet } from "./support/http-get.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test(
  "binnacle up serves backends of DNS and of written addresses, without the DNS server too, and no address of its own",
  { timeout: 600_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const start = async (body: string) => stack.use(await Upstream.start({ respond: () => ({ body }) }));
    const [old, first, second] = [await start("old"), await start("first"), await start("second")];
    await using home = await ApplianceHome.create("written");
    const { http, api } = home;
    const srv = ({ port }: Upstream) => ["up A 127.0.0.1", "own A 127.0.0.1", `_http._tcp.cart 0 SRV 0 1 ${port} up`];
    await using dns = await DnsServer.start(srv(first));
    await home.write("manifests/shop.yaml", ["static-till", "dns-cart", "dns-own"].map(ingress).join("---\n"));
    const service = (name: string, rest: string) => `{name: ${name}, namespace: shop, ${rest}}`;
    await home.configure(
      `backends:
  - name: static
    static:
      services:
        - ${service("till", `ports: [{port: 80, targetPort: ${old.port}}], addresses: [127.0.0.1]`)}
  - name: dns
    dns:
      servers: ["${dns.place}"]
      minimumTtl: 50ms
      maximumTtl: 50ms
      services:
        - ${service("cart", "ports: [{port: 80}], srv: _http._tcp.cart.test")}
        - ${service("own", `ports: [{port: 80, targetPort: ${api}}], hosts: [own.test]`)}
upstreams: {allowLocal: [${[old, first, second].map(({ port }) => port).join(", ")}]}`,
    );
    const body = async (host: string) => (await httpGet({ port: http }, "/", { host: `${host}.test` })).body;
    const serving = async (act: () => Promise<void>): Promise<void> => {
      await using _appliance = await home.serve();
      await act();
    };
    await serving(async () => {
      assert.equal(await body("static-till"), "old");
      assert.equal(await body("dns-cart"), "first");
      assert.equal(
        (await httpGet({ port: http }, "/", { host: "dns-own.test" })).status,
        503,
        "its own API is not reached",
      );
      assert.match(
        await home.metrics(),
        /binnacle_platform_requests_total\{backend="dns",verb="query",resource="SRV",code="answer"\} /,
      );
      assert.match(await home.metrics(), /binnacle_source_problems\{backend="dns",severity="error"\} 1\n/);
      await dns.zone(srv(second));
      await until(() => body("dns-cart"), { accept: (now) => now === "second", what: "the new answer" });
      await dns.kill();
      await until(() => home.metrics(), {
        accept: (text) => text.includes('binnacle_source_synced{backend="dns"} 0'),
        what: "stale",
      });
      assert.equal(await body("dns-cart"), "second");
    });
    await serving(async () => {
      assert.equal(await body("dns-cart"), "second", "after a restart without the server");
      await dns.restart();
      await until(() => home.metrics(), {
        accept: (text) => text.includes('binnacle_source_synced{backend="dns"} 1'),
        what: "synced",
      });
    });
  },
);

const ingress = (service: string) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${service}, namespace: shop}
spec:
  rules:
  - host: ${service}.test
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {number: 80}}}}]
`;
