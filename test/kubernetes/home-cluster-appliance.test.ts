import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { createNamespace } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";
import { Member } from "./support/member.ts";
import { claimPodSubnet } from "./support/pod-network.ts";

const LEASE = "/apis/coordination.k8s.io/v1/namespaces/binnacle-system/leases/binnacle";
const SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";

function ingress(host: string, service: string): Manifest {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace: "shop", name: "web" },
    spec: {
      ingressClassName: "binnacle",
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}

function slice(name: string, ...addresses: readonly string[]): Manifest {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "shop", name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080 }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
}

test(
  "two control planes share a home; when the leader is killed the other writes on, and no request is lost",
  { timeout: 240_000 },
  async (t) => {
    await using boxes = new AsyncDisposableStack();
    const start = () => KubeBox.start({ controllers: [] }).then((box) => boxes.use(box));
    const [home, east] = await Promise.all([start(), start()]);
    await using subnet = await claimPodSubnet();
    const [first, second] = [`${subnet.prefix}.7`, `${subnet.prefix}.8`];
    const run = (host: string) => Upstream.start({ host, port: 8080, respond: () => ({ body: host }) });
    await using _first = await run(first);
    await using _second = await run(second);
    for (const name of ["shop", "binnacle-system"]) await createNamespace(home.admin, name);
    await createNamespace(east.admin, "shop");
    const service = { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name: "cart" } };
    await east.admin.apply({ ...service, spec: { ports: [{ port: 80 }] } }, slice("cart", first));
    await home.admin.apply(ingress("shop.example", "east-cart"));
    await using folder = await temporaryDirectory("members");
    const settings = `sources: {cluster: {kubeconfig: ${await home.kubeconfigFile()}, addresses: [lb.example]}}
backends: [{name: east, kubernetes: {kubeconfig: ${await east.kubeconfigFile()}}}]
upstreams: {allowLocal: [8080]}`;

    await using one = await Member.start(join(folder.path, "one"), settings);
    const lease = async () => (await home.admin.get<{ spec: { holderIdentity: string } }>(LEASE)).spec.holderIdentity;
    const leader = await until(lease, { what: "a leader" });
    await until(() => one.ask("shop.example"), {
      accept: (body) => body === first,
      what: "traffic by way of the home",
    });
    const times: number[] = [];
    for (const wanted of [second, first, second, first, second, first, second, first, second, first]) {
      const started = performance.now();
      await east.admin.apply(slice("cart", wanted));
      await until(() => one.ask("shop.example"), { accept: (body) => body === wanted, what: wanted, intervalMs: 5 });
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    t.diagnostic(`from a changed slice upstream to traffic: median ${Math.round(times[5] ?? 0)} ms`);
    await using two = await Member.start(join(folder.path, "two"), settings);
    assert.equal(await two.ask("shop.example"), first);

    await using loads = new AsyncDisposableStack();
    const load = [one, two].map(({ http }) => loads.use(new SteadyLoad({ port: http, host: "shop.example" })));
    await one.process.kill();
    const killed = performance.now();
    await until(lease, { accept: (holder) => holder !== leader && holder !== "", timeoutMs: 15_000, what: "the next" });
    t.diagnostic(`the next leader after ${((performance.now() - killed) / 1000).toFixed(1)} s`);
    await east.admin.apply(slice("cart", second));
    const placed = async () => JSON.stringify(await home.admin.get(SLICES)).includes(second);
    await until(placed, { what: "what the second leader writes", timeoutMs: 30_000 });
    await until(() => two.ask("shop.example"), { accept: (body) => body === second, what: "the other endpoint" });
    await home.admin.patch("/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web/status", {
      status: { loadBalancer: null },
    });
    const written = async () => JSON.stringify(await home.admin.get("/apis/networking.k8s.io/v1/ingresses"));
    await until(written, { accept: (text) => text.includes('"hostname":"lb.example"'), what: "the status" });
    for (const steady of load) {
      const tally = await steady.end();
      assert.deepEqual(Object.keys(tally), ["200"], JSON.stringify(tally));
    }
  },
);
