import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Backend } from "#discovery/backend.ts";
import { SqliteCache } from "#discovery/cache.ts";
import { KubernetesDiscoverer } from "#discovery/kubernetes/discoverer.ts";
import { StorePlacer } from "#discovery/store-placer.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import { silentLogger } from "#lib/log.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import { SLICES_BY_SERVICE, TRANSLATION_INDEXES } from "#translate/indexes.ts";
import { MemoryArchive } from "#store/archive.ts";
import { Store } from "#store/store.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace, grant, serviceAccountToken, withdraw } from "./support/access.ts";
import type { ApiClient } from "./support/api-client.ts";
import { type Fault, FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { PodStandIn } from "./support/pod-stand-in.ts";
import { deployment, service } from "./support/workload.ts";

const SHOP = "team-shop";
const plain = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace: SHOP, name },
  spec: { ports: [{ name: "http", port: 80 }] },
});
const slice = (name: string, ...addresses: readonly string[]) => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { namespace: SHOP, name: `${name}-x`, labels: { "kubernetes.io/service-name": name } },
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080 }],
  endpoints: addresses.map((address) => ({ addresses: [address] })),
});

/** A store into which backends discover. */
class Home implements AsyncDisposable {
  readonly #store = new Store({ indexes: TRANSLATION_INDEXES, archive: new MemoryArchive(), now: Date.now });
  readonly #placer = new StorePlacer({
    sink: this.#store,
    originOf: (ref) => this.#store.state(ref)?.origin,
    takenOver: () => ({ labels: [], annotations: [] }),
  });
  readonly #cache: SqliteCache;
  readonly #parts = new AsyncDisposableStack();

  constructor(cacheFile: string) {
    this.#cache = new SqliteCache(cacheFile, silentLogger);
    this.#parts.defer(() => this.#cache.close());
  }

  follow(name: string, kubeconfig: string): Backend {
    const client = this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig }, rereadAfter: 0 }));
    const backend = new Backend({
      name,
      discoverer: new KubernetesDiscoverer({
        client,
        teamOf: (namespace) => namespace,
        log: silentLogger,
        times: { reflector: { backoff: { least: 50, most: 200 } } },
      }),
      placer: this.#placer,
      cache: this.#cache,
      log: silentLogger,
      now: Date.now,
    });
    const stop = new AbortController();
    const run = backend.run(stop.signal);
    this.#parts.defer(async () => {
      stop.abort();
      await run;
    });
    return backend;
  }

  /** The addresses behind a Service here, sorted; undefined when there is no such Service. */
  addresses(name: string): readonly string[] | undefined {
    if (this.#store.get("Service", SHOP, name) === undefined) return undefined;
    return this.#store
      .list(SLICES_BY_SERVICE, `${SHOP}/${name}`)
      .flatMap(({ object }) => (object as EndpointSlice).endpoints.flatMap(({ addresses }) => addresses))
      .sort();
  }

  async become(name: string, addresses: readonly string[] | undefined): Promise<void> {
    const accept = (now: unknown): boolean => JSON.stringify(now) === JSON.stringify(addresses);
    await until(() => this.addresses(name), { accept, what: `the addresses of ${name}`, timeoutMs: 60_000 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

async function withService(api: ApiClient, name: string, ...addresses: readonly string[]): Promise<void> {
  await api.apply(plain(name), slice(name, ...addresses));
}

suite("discovery from real Kubernetes API servers", { timeout: 240_000 }, () => {
  test("two clusters; a scale, an outage that ends with other endpoints, and a start without the API", async () => {
    await using clusters = new AsyncDisposableStack();
    const [east, west] = (await Promise.all([KubeBox.start(), KubeBox.start()])).map((box) => clusters.use(box));
    assert.ok(east && west);
    await using folder = await temporaryDirectory("discovery");
    const cache = `${folder.path}/discovery.db`;
    await using _pods = await PodStandIn.start(east.admin);
    for (const { admin } of [east, west]) await createNamespace(admin, SHOP);
    await east.admin.apply(
      deployment({ namespace: SHOP, name: "web", replicas: 2 }),
      service({ namespace: SHOP, name: "web" }),
    );
    await withService(west.admin, "cart", "10.20.0.1");
    {
      await using home = new Home(cache);
      home.follow("east", east.kubeconfig());
      const second = home.follow("west", west.kubeconfig());
      await home.become("west-cart", ["10.20.0.1"]);
      await until(() => home.addresses("east-web")?.length === 2, { what: "two Pods", timeoutMs: 60_000 });
      assert.equal(home.addresses("east-kubernetes"), undefined);

      await east.admin.apply(deployment({ namespace: SHOP, name: "web", replicas: 4 }));
      await until(() => home.addresses("east-web")?.length === 4, { what: "four Pods", timeoutMs: 60_000 });

      await west.kill();
      await until(() => second.status().state === "stale", { what: "west to be stale", timeoutMs: 60_000 });
      assert.deepEqual(home.addresses("west-cart"), ["10.20.0.1"]);
      assert.equal(second.status().failure?.kind, "unreachable");
      await west.restart();
      await withService(west.admin, "cart", "10.20.0.7", "10.20.0.8");
      await home.become("west-cart", ["10.20.0.7", "10.20.0.8"]);
      await until(() => second.status().state === "synced", { what: "west to be in step" });
    }
    await west.kill();
    await using again = new Home(cache);
    const late = again.follow("west", west.kubeconfig());
    assert.deepEqual(again.addresses("west-cart"), ["10.20.0.7", "10.20.0.8"]);
    await late.settled;
    await until(() => late.status().state === "stale", { what: "a start without the API to be stale" });
    await west.restart();
    await west.admin.delete(`/api/v1/namespaces/${SHOP}/services/cart`);
    await again.become("west-cart", undefined);
  });

  test("rights withdrawn keep what is known; rights given again, and a deleted namespace, are followed", async () => {
    await using box = await KubeBox.start();
    await using folder = await temporaryDirectory("discovery");
    await createNamespace(box.admin, SHOP);
    await createNamespace(box.admin, "robots");
    await withService(box.admin, "cart", "10.20.0.1");
    const rules = [
      { resources: ["services"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ];
    const given = { to: { serviceAccount: "robots/binnacle" }, rules };
    await grant(box.admin, "discovery", given);
    await using home = new Home(`${folder.path}/discovery.db`);
    const backend = home.follow("east", box.kubeconfig(await serviceAccountToken(box.admin, "robots", "binnacle")));
    await home.become("east-cart", ["10.20.0.1"]);

    await withdraw(box.admin, "discovery");
    await box.restart();
    await until(() => backend.status().failure?.kind === "forbidden", { what: "a refusal", timeoutMs: 60_000 });
    assert.equal(backend.status().state, "stale");
    assert.deepEqual(home.addresses("east-cart"), ["10.20.0.1"]);
    await withService(box.admin, "cart", "10.20.0.2");
    await grant(box.admin, "discovery", given);
    await home.become("east-cart", ["10.20.0.2"]);

    await box.admin.delete(`/api/v1/namespaces/${SHOP}`);
    await home.become("east-cart", undefined);
  });

  test("watches that break, are too old, or begin with 429, 500 or late: what is known stays, and what went on is found", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using folder = await temporaryDirectory("discovery");
    await createNamespace(box.admin, SHOP);
    await withService(box.admin, "cart", "10.20.0.1");
    await using proxy = await FaultyProxy.start(box);
    await using home = new Home(`${folder.path}/discovery.db`);
    const backend = home.follow("east", proxy.kubeconfig(box.token("cluster-admin")));
    await home.become("east-cart", ["10.20.0.1"]);

    proxy.cutWatches();
    await withService(box.admin, "cart", "10.20.0.2");
    await home.become("east-cart", ["10.20.0.2"]);
    proxy.failWatches(410, "Expired");
    await withService(box.admin, "cart", "10.20.0.3");
    await home.become("east-cart", ["10.20.0.3"]);

    const inTrouble: readonly Fault[] = [{ status: 429, headers: { "retry-after": "0" } }, { status: 500 }, "break"];
    for (const [index, fault] of inTrouble.entries()) {
      const before = proxy.calls.length;
      proxy.fault = () => fault;
      proxy.failWatches(410, "Expired");
      const [known, next] = [`10.20.0.${index + 3}`, `10.20.0.${index + 4}`];
      await withService(box.admin, "cart", next);
      await until(() => backend.status().state === "stale", { what: "the trouble to be told", timeoutMs: 60_000 });
      await until(() => proxy.calls.length > before + 8, { what: "some tries" });
      assert.deepEqual(home.addresses("east-cart"), [known]);
      proxy.fault = () => undefined;
      await home.become("east-cart", [next]);
      await until(() => backend.status().state === "synced", { what: "it to be in step", timeoutMs: 60_000 });
    }

    proxy.fault = () => ({ delayMs: 1000 });
    proxy.failWatches(410, "Expired");
    await withService(box.admin, "cart", "10.20.0.9");
    await home.become("east-cart", ["10.20.0.9"]);
    assert.equal(backend.status().state, "synced", "slow is no failure");
  });
});
