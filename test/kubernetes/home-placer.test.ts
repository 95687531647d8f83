import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { discovered } from "#discovery/discovered-for-tests.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import type { ApiClient } from "./support/api-client.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { House } from "./support/house.ts";

const SHOP = "team-shop";
const LABEL = "gimbal.projectcontour.io/backend";

const servicePath = (name: string): string => `/api/v1/namespaces/${SHOP}/services/${name}`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${SHOP}/endpointslices`;

async function slicesOf(api: ApiClient, name: string): Promise<readonly V1EndpointSlice[]> {
  const selector = `labelSelector=kubernetes.io/service-name%3D${name}`;
  return (await api.get<{ items: V1EndpointSlice[] }>(`${SLICES}?${selector}`)).items;
}

async function addresses(api: ApiClient, name: string): Promise<readonly string[] | "none"> {
  const [service, slices] = await Promise.all([
    api.get<V1Service>(servicePath(name)).catch(() => undefined),
    slicesOf(api, name),
  ]);
  if (service === undefined && slices.length === 0) return "none";
  return slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((endpoint) => endpoint.addresses)).sort();
}

async function become(api: ApiClient, name: string, wanted: readonly string[] | "none"): Promise<void> {
  const accept = (now: unknown): boolean => JSON.stringify(now) === JSON.stringify(wanted);
  await until(() => addresses(api, name), { accept, what: `${name} to have ${String(wanted)}`, timeoutMs: 60_000 });
}

suite("discovery into a cluster", { timeout: 240_000 }, () => {
  test("services come with Gimbal's labels, change by one call, and go; at rest nothing is called", async () => {
    await using box = await KubeBox.start();
    await createNamespace(box.admin, SHOP);
    await using proxy = await FaultyProxy.start(box);
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")));
    const { platform } = await house.follow("east");
    const calls = () => proxy.calls.filter(({ method }) => method !== "GET").map(({ method }) => method);
    platform.has(discovered("cart", ["10.20.0.1", "10.20.0.2"]));
    await become(box.admin, "east-cart", ["10.20.0.1", "10.20.0.2"]);
    await house.rest();
    assert.deepEqual(calls(), ["POST", "POST"]);
    const service = await box.admin.get<V1Service>(servicePath("east-cart"));
    assert.partialDeepStrictEqual(service, {
      metadata: {
        labels: { [LABEL]: "east", "gimbal.projectcontour.io/service": "cart" },
        annotations: { "binnacle.dev/upstream": "team-shop/cart" },
      },
      spec: { clusterIP: "None", ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 80 }] },
    });
    platform.has(discovered("cart", ["10.20.0.1", "10.20.0.3"]));
    await become(box.admin, "east-cart", ["10.20.0.1", "10.20.0.3"]);
    await house.rest();
    assert.deepEqual(calls(), ["POST", "POST", "PUT"]);
    platform.has(discovered("cart", ["10.20.0.1", "10.20.0.3"]));
    await house.rest();
    assert.equal(calls().length, 3, "what stands is not written");

    platform.has(discovered("cart", [], { externalName: "cart.example", endpoints: [] }));
    await until(async () => (await box.admin.get<V1Service>(servicePath("east-cart"))).spec?.type === "ExternalName");
    platform.has(discovered("cart", ["10.20.0.9"]));
    await become(box.admin, "east-cart", ["10.20.0.9"]);
    platform.has();
    await become(box.admin, "east-cart", "none");
    await house.rest();
    assert.deepEqual(house.writes.error, 0);
    assert.ok(
      proxy.calls.every(({ method, isWatch, path }) => method !== "GET" || isWatch || !/[^/]+-cart/.test(path)),
    );
  });

  test("what was changed or deleted by hand is put right, also what was while nobody looked", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    const kubeconfig = box.kubeconfig(box.token("cluster-admin"));
    {
      await using house = new House(kubeconfig);
      const { platform } = await house.follow("east");
      platform.has(discovered("cart", ["10.20.0.1"]), discovered("blog", ["10.20.0.2"]));
      await become(box.admin, "east-cart", ["10.20.0.1"]);
      await become(box.admin, "east-blog", ["10.20.0.2"]);
      await box.admin.patch(servicePath("east-cart"), { spec: { ports: [{ name: "http", port: 81 }] } });
      await until(async () => (await box.admin.get<V1Service>(servicePath("east-cart"))).spec?.ports?.[0]?.port === 80);
      await box.admin.delete(servicePath("east-blog"));
      await until(() => box.admin.get(servicePath("east-blog")), { what: "the Service again" });
      await house.rest();
    }
    const [slice] = await slicesOf(box.admin, "east-cart");
    await box.admin.delete(`${SLICES}/${slice?.metadata?.name}`);
    await box.admin.delete(servicePath("east-blog"));
    // Made anew by hand, with an address of its own, which no update takes from it.
    const { metadata: { labels, annotations } = {} } = await box.admin.get<V1Service>(servicePath("east-cart"));
    await box.admin.delete(servicePath("east-cart"));
    const metadata = { name: "east-cart", labels, annotations };
    await box.admin.create(servicePath(""), { metadata, spec: { ports: [{ name: "http", port: 80 }] } });
    {
      await using house = new House(kubeconfig);
      const { platform } = await house.follow("east");
      // Meanwhile the blog has gone upstream as well: what is left of it is swept.
      platform.has(discovered("cart", ["10.20.0.1"]));
      await become(box.admin, "east-cart", ["10.20.0.1"]);
      await become(box.admin, "east-blog", "none");
      await until(async () => (await box.admin.get<V1Service>(servicePath("east-cart"))).spec?.clusterIP === "None");
    }
  });

  test("a start that cannot reach the platform keeps what is there, says how old it is, and lets no mass vanish", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await using proxy = await FaultyProxy.start(box);
    const kubeconfig = proxy.kubeconfig(box.token("cluster-admin"));
    const services = Array.from({ length: 12 }, (_, index) => discovered(`s${index}`, [`10.20.0.${index + 1}`]));
    {
      await using house = new House(kubeconfig);
      const { platform } = await house.follow("east");
      platform.has(...services);
      await become(box.admin, "east-s11", ["10.20.0.12"]);
      await house.rest();
    }
    proxy.calls.length = 0;
    await using house = new House(kubeconfig);
    const { backend, platform } = await house.follow("east");
    await house.rest();
    assert.equal([...backend.applied()].length, 12);
    assert.deepEqual(
      proxy.calls.filter(({ method }) => method !== "GET"),
      [],
      "what is remembered is what stands",
    );
    platform.report?.failed({ kind: "unreachable", message: "no route to host" });
    const isStale = async (): Promise<boolean> => {
      const { metadata } = await box.admin.get<V1Service>(servicePath("east-s3"));
      return metadata?.annotations?.["binnacle.dev/stale-since"] !== undefined;
    };
    await until(isStale, { what: "the age" });
    await house.rest();
    const writes = proxy.calls.filter(({ method }) => method !== "GET").length;
    assert.equal(writes, 12, "once for each Service");
    platform.has();
    assert.equal(backend.status().held.length, 12);
    await until(async () => !(await isStale()), { what: "no age" });
    await become(box.admin, "east-s11", ["10.20.0.12"]);
    backend.confirm("test");
    await become(box.admin, "east-s11", "none");
    await become(box.admin, "east-s0", "none");
  });

  test("a name that somebody else has is left to them, until they let go of it; two backends share none", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    const plain = { metadata: { name: "a-b-c", namespace: SHOP }, spec: { ports: [{ port: 80 }] } };
    await box.admin.create(servicePath(""), plain);
    await using house = new House(box.kubeconfig(box.token("cluster-admin")));
    const [first, second] = [await house.follow("a"), await house.follow("a-b")];
    first.platform.has(discovered("b-c", ["10.20.0.1"]));
    second.platform.has(discovered("c", ["10.20.0.2"]));
    await until(() => house.placer.unplaced("a").size === 1, { what: "the problem" });
    assert.match([...house.placer.unplaced("a").values()][0]?.[0]?.message ?? "", /somebody else's, which keeps it/);
    assert.match([...house.placer.unplaced("a-b").values()][0]?.[0]?.message ?? "", /of backend a, which keeps it/);
    await box.admin.delete(servicePath("a-b-c"));
    await become(box.admin, "a-b-c", ["10.20.0.1"]);
    first.platform.has();
    await become(box.admin, "a-b-c", ["10.20.0.2"]);
    assert.equal((await box.admin.get<V1Service>(servicePath("a-b-c"))).metadata?.labels?.[LABEL], "a-b");
  });

  test("a namespace that is missing is reported, or made where that is set; deleted while syncing it makes no storm", async () => {
    await using box = await KubeBox.start();
    await using proxy = await FaultyProxy.start(box);
    const kubeconfig = proxy.kubeconfig(box.token("cluster-admin"));
    {
      await using house = new House(kubeconfig);
      const { platform } = await house.follow("east");
      platform.has(discovered("cart", ["10.20.0.1"]));
      await until(() => house.placer.unplaced("east").size === 1, { what: "the problem" });
      assert.match(
        [...house.placer.unplaced("east").values()][0]?.[0]?.message ?? "",
        /there is no namespace team-shop/,
      );
      await createNamespace(box.admin, SHOP);
      await become(box.admin, "east-cart", ["10.20.0.1"]);
      const services = Array.from({ length: 30 }, (_, index) => discovered(`s${index}`, ["10.20.0.9"]));
      platform.has(discovered("cart", ["10.20.0.1"]), ...services);
      await until(() => box.admin.get(servicePath("east-s3")), { what: "some of them" });
      await box.admin.delete(`/api/v1/namespaces/${SHOP}`);
      const gone = () => assert.rejects(box.admin.get(`/api/v1/namespaces/${SHOP}`), { code: 404 });
      await until(() => gone().then(() => true), { what: "the namespace to go", timeoutMs: 60_000 });
      await until(() => house.placer.unplaced("east").size === 31, { what: "31 problems", timeoutMs: 30_000 });
      const writes = proxy.calls.filter(({ method }) => method !== "GET").length;
      assert.ok(writes < 31 * 2 * 3, `${writes} writes`);
    }
    await using house = new House(kubeconfig, true);
    const { platform } = await house.follow("east");
    platform.has(discovered("cart", ["10.20.0.1"]), discovered("blog", ["10.20.0.2"]));
    await become(box.admin, "east-cart", ["10.20.0.1"]);
    await become(box.admin, "east-blog", ["10.20.0.2"]);
  });

  test("what the home refuses is its own problem alone, and is tried again by itself", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await using house = new House(box.kubeconfig(box.token("cluster-admin")));
    const { platform } = await house.follow("east");
    // An API server takes no loopback address; here a setting may allow it.
    platform.has(discovered("bad", ["127.0.0.1"]), discovered("good", ["10.20.0.1"]));
    await become(box.admin, "east-good", ["10.20.0.1"]);
    await until(() => house.placer.unplaced("east").size === 1, { what: "the problem" });
    const [[key, problems] = []] = house.placer.unplaced("east");
    assert.equal(key, "team-shop/bad");
    assert.match(problems?.[0]?.message ?? "", /may not be in the loopback range/);
    await until(() => house.placer.lag("east").waiting === 1, { what: "only the refused one to wait" });
    platform.has(discovered("bad", ["10.20.0.2"]), discovered("good", ["10.20.0.1"]));
    await become(box.admin, "east-bad", ["10.20.0.2"]);
    await house.rest();
    assert.equal(house.placer.unplaced("east").size, 0);
  });

  test("two leaders at once end at the same objects, and at rest", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await using proxy = await FaultyProxy.start(box);
    const kubeconfig = proxy.kubeconfig(box.token("cluster-admin"));
    await using one = new House(kubeconfig);
    await using two = new House(kubeconfig);
    const platforms = await Promise.all([one.follow("east"), two.follow("east")]);
    const services = Array.from({ length: 20 }, (_, index) => discovered(`s${index}`, [`10.20.0.${index + 1}`]));
    for (const { platform } of platforms) platform.has(...services);
    await become(box.admin, "east-s19", ["10.20.0.20"]);
    for (const house of [one, two]) await house.rest();
    const settled = proxy.calls.filter(({ method }) => method !== "GET").length;
    assert.ok(settled <= 20 * 2 * 2, `${settled} writes`);
    for (const { platform } of platforms) platform.has(...services);
    for (const house of [one, two]) await house.rest();
    assert.equal(proxy.calls.filter(({ method }) => method !== "GET").length, settled);
  });

  test("4,000 services of two backends with 5 endpoints each are written from nothing, and then there is rest", async (t) => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await using proxy = await FaultyProxy.start(box);
    await using house = new House(box.kubeconfig(box.token("cluster-admin")));
    const started = performance.now();
    for (const [index, name] of ["east", "west"].entries()) {
      const addresses = (service: number) =>
        Array.from({ length: 5 }, (_, last) => `10.${10 * index + last}.${service >> 8}.${service & 255}`);
      const { platform } = await house.follow(name);
      platform.has(...Array.from({ length: 2000 }, (_, service) => discovered(`s${service}`, addresses(service))));
    }
    await until(() => house.writes.ok === 8000, { what: "8,000 objects", timeoutMs: 180_000, intervalMs: 100 });
    await house.rest();
    t.diagnostic(`8,000 objects in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    t.diagnostic(`memory of the process with its test: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
    assert.deepEqual(house.writes, { ok: 8000, conflict: 0, error: 0 });

    // Another control plane that begins writes nothing: what stands there is as it should be.
    await using next = new House(proxy.kubeconfig(box.token("cluster-admin")));
    const { backend } = await next.follow("east");
    await next.rest();
    assert.equal([...backend.applied()].length, 2000);
    assert.deepEqual(
      proxy.calls.filter(({ method }) => method !== "GET"),
      [],
    );
  });
});
