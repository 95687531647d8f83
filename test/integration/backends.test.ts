import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackendAnswer, BackendDetailAnswer } from "#api/answers.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { binnacle, cells, type CliOutcome } from "./support/cli.ts";
import { freePorts } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const SERVICES = ["cart", ...Array.from({ length: 11 }, (_, at) => `s${at}`)];

function backend(name: string, port: number, services: readonly string[]): string {
  const written = services.map(
    (service) =>
      `{name: ${service}, namespace: team-shop, ports: [{port: 80, targetPort: ${port}}], addresses: [127.0.0.1]}`,
  );
  return `  - {name: ${name}, static: {services: [${written.join(", ")}]}}`;
}

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: east-cart, port: {number: 80}}}}
---
apiVersion: v1
kind: Service
metadata: {name: west-taken, namespace: team-shop}
spec: {ports: [{port: 80}]}
`;

test("backends are listed, held deletions confirmed, and one is removed", { timeout: 600_000 }, async () => {
  await using upstream = await Upstream.start({ respond: () => ({ body: "cart" }) });
  await using home = await ApplianceHome.create("backends");
  const { http, state } = home;
  await home.write("manifests/shop.yaml", INGRESS);
  const cli = (...argv: readonly string[]): Promise<CliOutcome> => binnacle(state, ...argv);
  const ok = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(...argv);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const json = async <T>(...argv: readonly string[]): Promise<T> => JSON.parse(await ok(...argv, "-o", "json")) as T;
  const show = (name: string): Promise<BackendDetailAnswer> => json("backends", "show", name);
  const metrics = async (): Promise<readonly string[]> => (await home.metrics()).split("\n");
  const cart = async (): Promise<number> => (await httpGet({ port: http }, "/", { host: "shop.example" })).status;

  const serving = async (services: readonly string[], act: (output: () => string) => Promise<void>): Promise<void> => {
    const backends = [backend("east", upstream.port, services), backend("west", upstream.port, ["cart", "taken"])];
    const settings = `backends:\n${backends.join("\n")}\nupstreams: {allowLocal: [${upstream.port}]}`;
    await home.configure(settings);
    await using appliance = await home.serve();
    await act(() => appliance.output);
  };

  await serving(SERVICES, async () => {
    assert.equal(await cart(), 200);
    const [head, east, west] = cells(await ok("backends", "list"));
    assert.deepEqual(head?.slice(0, 6), ["NAME", "PLATFORM", "STATE", "SINCE", "SERVICES", "ENDPOINTS"]);
    assert.deepEqual(
      [east?.slice(0, 3), east?.slice(4)],
      [
        ["east", "static", "synced"],
        ["12/12", "12/12", "0s", "0", "0"],
      ],
    );
    assert.deepEqual(west?.slice(4), ["1/2", "1/2", "0s", "0", "1"]);
    assert.deepEqual(cells(await ok("backends", "teams")).slice(1), [
      ["team-shop", "east", "12/12", "12/12", "0", "0"],
      ["team-shop", "west", "1/2", "1/2", "0", "1"],
    ]);
    assert.deepEqual(cells(await ok("backends", "services", "cart", "-n", "team-shop")).slice(1), [
      ["team-shop", "cart", "east", "east-cart", "1/1", "replicated"],
      ["team-shop", "cart", "west", "west-cart", "1/1", "replicated"],
    ]);
    assert.match(await ok("backends", "show", "west"), /team-shop\/west-taken: .*is in .*shop.yaml, which keeps it/);
    await until(async () => /^east team-shop\/east-cart:80 /m.test(await ok("top", "--once")), {
      what: "live traffic",
    });
    const measured = await metrics();
    for (const line of [
      'binnacle_discovery_backend_info{backend="east",platform="static"} 1',
      'binnacle_discovery_upstream_services{backend="west",namespace="team-shop"} 2',
      'binnacle_discovery_replicated_services{backend="west",namespace="team-shop"} 1',
      'binnacle_discovery_replicated_endpoints{backend="east",namespace="team-shop"} 12',
      'binnacle_discovery_sync_duration_seconds_count{backend="east"} 1',
      'binnacle_discovery_errors_total{backend="east",kind="unreachable"} 0',
      'binnacle_discovery_held_services{backend="east"} 0',
      'binnacle_discovery_lag_seconds{backend="east"} 0',
    ])
      assert.ok(measured.includes(line), line);
    const unknown = await cli("backends", "show", "north");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no backend of this name\n  fix: .*backends list/);
  });

  // All but one went while nobody looked.
  await serving(["cart"], async (output) => {
    assert.equal((await show("east")).held.length, 11);
    assert.ok((await metrics()).includes('binnacle_discovery_held_services{backend="east"} 11'));
    const words = await ok("backends", "show", "east");
    assert.match(words, /Held: 11 services .*\n  team-shop\/east-s0: upstream has it no more/);
    assert.match(words, /binnacle backends confirm east/);
    assert.match(await ok("backends", "confirm", "east"), /^11 services/);
    assert.match(await ok("backends", "confirm", "east"), /^nothing/);
    assert.deepEqual((await show("east")).services, { upstream: 1, here: 1 });
    assert.match(output(), /mass deletion confirmed backend=east services=11 by=operator/);

    const dry = await ok("backends", "remove", "east", "--dry-run");
    assert.match(
      dry,
      /Ingress team-shop\/shop +shop.example +.* +east-cart:80 \(1 endpoint, 100%\) +nothing: answers 503/,
    );
    assert.match(dry, /nothing was changed/);
    assert.equal((await show("east")).state, "synced");
    assert.equal((await cli("backends", "remove", "east", "--drain-time", "2 weeks")).code, 2);
    assert.match(await ok("backends", "remove", "east", "--drain-time", "1h"), /followed no more/);
    assert.equal((await show("east")).state, "draining");
    const [, word] = cells(await ok("status")).find(([part]) => part === "source east") ?? [];
    assert.equal(word, "draining");
    const alerted = (await metrics()).filter((line) => line.startsWith("binnacle_source_synced{"));
    assert.deepEqual(alerted, [
      'binnacle_source_synced{backend="local"} 1',
      'binnacle_source_synced{backend="west"} 1',
    ]);
    assert.equal(await cart(), 200, "until it is gone there is nobody else");
    assert.match(await ok("backends", "restore", "east"), /east is followed/);
    await until(async () => (await show("east")).state === "synced", { what: "its return" });
    assert.equal(await cart(), 200);
    assert.match(output(), /the removal of a backend is taken back backend=east by=operator/);
    await ok("backends", "remove", "east", "--drain-time", "1h");
  });

  await serving(["cart"], async () => {
    const backends = await json<readonly BackendAnswer[]>("backends", "list");
    assert.deepEqual(
      backends.map(({ name, state: word }) => `${name} ${word}`),
      ["east removed", "west synced"],
    );
    assert.equal(await cart(), 503);
    await ok("backends", "restore", "east");
    await until(async () => (await cart()) === 200, { what: "traffic after the removal was taken back" });
    assert.match(await ok("backends", "remove", "west", "--drain-time", "0s"), /no route sends traffic to it/);
    await until(async () => (await show("west")).services.upstream === 0, { what: "the end of the removal" });
  });
});

test(
  "a backend that has never answered is failed, in one word wherever it is shown",
  { timeout: 600_000 },
  async () => {
    await using home = await ApplianceHome.create("failed");
    const [nobody] = await freePorts(1);
    await home.write("manifests/shop.yaml", INGRESS);
    await home.configure(`backends:
  - name: north
    dns: {servers: ["127.0.0.1:${nobody}"], services: [{name: a, namespace: team-shop, ports: [{port: 80}], hosts: [a.test]}]}`);
    await using _appliance = await home.serve();
    const words = async (...argv: readonly string[]): Promise<readonly string[]> =>
      (await binnacle(home.state, ...argv)).stdout.split("\n");
    const row = (lines: readonly string[], begin: RegExp) => lines.find((line) => begin.test(line)) ?? "";
    await until(async () => row(await words("backends", "list"), /^north /), {
      accept: (line) => / failed /.test(line),
      what: "the backend to have failed",
    });
    assert.match(row(await words("status"), /^source north /), / failed /);
    assert.match(row(await words("backends", "show", "north"), /^State:/), /^State: +failed, for /);
    assert.ok((await home.metrics()).includes('binnacle_source_state{backend="north",state="failed"} 1\n'));
  },
);
