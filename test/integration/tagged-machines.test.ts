import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackendDetailAnswer } from "#api/answers.ts";
import { DigitalOceanStandIn, droplet } from "../contract/support/digitalocean-stand-in.ts";
import { RackspaceStandIn, server } from "../contract/support/rackspace-stand-in.ts";
import { AnswerShares } from "./support/answer-shares.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { binnacle, cells } from "./support/cli.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const SECRETS = { token: "dop_v1_hunter2", apiKey: "hunter3" };

/**
 * DigitalOcean and Rackspace as the appliance follows them, over stand-ins for their APIs: no real account can be asked here.
 * What the platforms themselves owe is test/contract/.
 */
test(
  "droplets and servers share a route, keep it while their APIs fail, and show no secret",
  { timeout: 600_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;
    const [first, second, third] = hosts;
    let port = 0;
    for (const host of hosts)
      ({ port } = stack.use(await Upstream.start({ host, port, respond: () => ({ body: host }) })));
    const ocean = stack.use(await DigitalOceanStandIn.start());
    const rack = stack.use(await RackspaceStandIn.start());
    ocean.token = SECRETS.token;
    rack.apiKey = SECRETS.apiKey;
    const tags = [`binnacle-port:${port}`, "binnacle-service:web", "binnacle-team:shop"];
    ocean.droplets = [droplet(1, { private: first, tags })];
    const metadata = { "binnacle.service": "web", "binnacle.port": `${port}`, "binnacle.team": "shop" };
    rack.servers.set("DFW", [server("s1", { private: third, metadata })]);

    const home = stack.use(await ApplianceHome.create("tagged-machines"));
    await home.write("token", SECRETS.token);
    await home.write("key", SECRETS.apiKey);
    await home.write("manifests/shop.yaml", proxy(port));
    await home.configure(`backends:
  - name: ocean
    digitalocean: {tokenFile: token, endpoint: "${ocean.url}", interval: 1s, timeout: 2s}
    namespaces: {map: {shop: team-shop}}
  - name: rack
    rackspace: {username: reader, apiKeyFile: key, identityUrl: "${rack.url}", regions: [DFW], interval: 1s, timeout: 2s}
    namespaces: {map: {shop: team-shop}}
upstreams: {allowLocal: [${port}]}`);
    const appliance = stack.use(await home.serve());
    const ok = async (...argv: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await binnacle(home.state, ...argv);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const states = async () => cells(await ok("backends", "list")).map((row) => row.slice(0, 3).join(" "));

    const load = stack.use(new AnswerShares({ port: home.http, host: "shop.example" }));
    await load.only(first, third);
    assert.deepEqual((await states()).slice(1), ["ocean digitalocean synced", "rack rackspace synced"]);

    // What is not known any more is not gone: both APIs refuse, and everything goes on.
    ocean.fault = () => ({
      status: 429,
      body: { message: "API Rate limit exceeded." },
      headers: { "retry-after": "1" },
    });
    rack.fallSilent();
    await until(states, {
      accept: (now) => now.slice(1).every((row) => row.endsWith("stale")),
      what: "stale backends",
    });
    await load.only(first, third);
    const { failure } = JSON.parse(await ok("backends", "show", "ocean", "-o", "json")) as BackendDetailAnswer;
    assert.equal(failure?.kind, "throttled");
    assert.match(failure.message, /GET http:.*\/v2\/droplets: 429 API Rate limit exceeded\.$/);
    const added = droplet(2, { private: second, tags });
    ocean.droplets = [...ocean.droplets, added];
    await ocean.recover();
    await rack.recover();
    await load.only(first, second, third);
    ocean.droplets = [droplet(1, { private: first, tags, status: "off" }), added];
    await load.only(second, third);

    const metrics = await home.metrics();
    for (const expected of [
      /^binnacle_platform_requests_total\{backend="ocean",verb="get",resource="droplets",code="200"\} \d/m,
      /^binnacle_platform_requests_total\{backend="ocean",verb="get",resource="droplets",code="429"\} \d/m,
      /^binnacle_platform_requests_total\{backend="rack",verb="create",resource="tokens",code="200"\} 2$/m,
      /^binnacle_platform_request_duration_seconds_count\{backend="rack",verb="get",resource="servers"\} \d/m,
      /^binnacle_discovery_errors_total\{backend="rack",kind="timeout"\} [1-9]/m,
    ])
      assert.match(metrics, expected);
    const shown = [appliance.output, metrics, await ok("status"), await ok("backends", "show", "rack", "-o", "json")];
    for (const secret of Object.values(SECRETS)) assert.ok(!shown.join("\n").includes(secret), secret);
    assert.deepEqual(load.lost, [], `of ${load.requests} requests`);
  },
);

const proxy = (port: number) => `apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: shop, namespace: team-shop}
spec:
  virtualhost: {fqdn: shop.example}
  routes:
  - services:
    - {name: ocean-web, port: ${port}, weight: 2}
    - {name: rack-web, port: ${port}, weight: 1}
`;
