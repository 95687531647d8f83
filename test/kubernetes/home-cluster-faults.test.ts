import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { V1EndpointSliceList } from "@kubernetes/client-node";
import { discovered } from "#discovery/discovered-for-tests.ts";
import { ClusterPlacer } from "#discovery/home-cluster/cluster-placer.ts";
import { type Clock, systemClock } from "#kubernetes/clock.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import { Leadership } from "#kubernetes/leadership.ts";
import { RateLimiter } from "#kubernetes/rate-limit.ts";
import { createLogger, silentLogger } from "#lib/log.ts";
import { ClusterSource } from "#sources/cluster/cluster-source.ts";
import { RecordingSink } from "#sources/recording-sink.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace, grant, serviceAccountToken, withdraw } from "./support/access.ts";
import { type Fault, FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";

const SHOP = "team-shop";
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${SHOP}/endpointslices`;
const TIMES = { duration: 6000, renewDeadline: 4000, retry: 300 };

/** A control plane whose home is a cluster, with all that a fault may touch: source, election, placer. */
class House implements AsyncDisposable {
  readonly sink = new RecordingSink();
  readonly source: ClusterSource;
  readonly placer: ClusterPlacer;
  readonly leadership: Leadership;
  readonly log: string[] = [];
  isSynced = false;
  readonly #parts = new AsyncDisposableStack();

  constructor(kubeconfig: string, identity: string, clock: Clock = systemClock) {
    const log = createLogger({ level: "info", format: "text", write: (line) => void this.log.push(line) });
    const client = this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig }, timeout: 2000 }));
    this.placer = new ClusterPlacer({
      client: this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig } })),
      limiter: new RateLimiter(undefined, systemClock),
      settingsOf: () => ({ takenOver: { labels: [], annotations: [] }, createNamespaces: false }),
      log: silentLogger,
    });
    this.source = new ClusterSource({
      client,
      sink: this.sink,
      log,
      times: { backoff: { least: 20, most: 200 } },
      onRead: (ref, object, change, isListed) =>
        this.placer.observe(ref, object, change.type === "put" ? change.object : undefined, isListed),
      onSynced: () => (this.isSynced = true),
    });
    const lease = { namespace: "default", name: "binnacle" };
    this.leadership = new Leadership({ client, lease, identity, clock, times: TIMES });
    const stop = new AbortController();
    const runs = [this.source.run(stop.signal), this.leadership.run([this.placer], stop.signal)];
    this.#parts.defer(async () => {
      stop.abort();
      await Promise.all(runs);
    });
  }

  async synced(): Promise<void> {
    await until(() => this.isSynced, { what: "the home to be read", timeoutMs: 60_000 });
  }

  async leads(): Promise<void> {
    await until(() => this.leadership.state().leads, { what: "it to lead", timeoutMs: 60_000 });
  }

  has(...names: readonly string[]): boolean {
    const standing = this.sink.names();
    return names.every((name) => standing.includes(name));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

suite("faults of a home in a cluster", { timeout: 240_000 }, () => {
  test("a leader that is cut off stops writing; what it had sent comes too late, and overwrites nothing", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await using proxy = await FaultyProxy.start(box);
    await using old = new House(proxy.kubeconfig(box.token("cluster-admin")), "old");
    await Promise.all([old.synced(), old.leads()]);
    await using next = new House(box.kubeconfig(box.token("cluster-admin")), "next");
    await next.synced();
    const addresses = async (): Promise<unknown> => {
      const { items } = await box.admin.get<V1EndpointSliceList>(SLICES);
      return items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
    };
    const become = (...wanted: readonly string[]) =>
      until(addresses, { accept: (now) => JSON.stringify(now) === JSON.stringify(wanted), what: wanted.join() });
    old.placer.place("east", [discovered("cart", ["10.20.0.1"])], []);
    await become("10.20.0.1");

    // From now on its calls hang, and its next write is on its way for longer than it leads.
    const arrived = Promise.withResolvers<void>();
    proxy.fault = ({ method, path, isWatch }) => {
      if (isWatch) return undefined;
      if (method !== "PUT" || !path.startsWith(SLICES)) return "hang";
      arrived.resolve();
      return { delayMs: 9000 };
    };
    const before = proxy.calls.length;
    old.placer.place("east", [discovered("cart", ["10.20.0.66"])], []);
    await arrived.promise;
    await next.leads();
    assert.equal(old.leadership.state().leads, false, "it ended before the other began");
    const end = proxy.calls.length;
    next.placer.place("east", [discovered("cart", ["10.20.0.2"])], []);
    await become("10.20.0.2");
    const writes = (from: number, to?: number) =>
      proxy.calls.slice(from, to).filter(({ path }) => path.startsWith(SLICES) && path !== SLICES);
    assert.deepEqual(writes(end), [], "it has not written again");
    // One, or two where a renewal that was under way let it lead for longer than the first was given.
    const late = writes(before, end);
    await until(() => late.every(({ status }) => status !== undefined), { what: "the late writes to arrive" });
    assert.deepEqual(new Set(late.map(({ status }) => status)), new Set([409]));
    proxy.fault = () => undefined;
    await until(() => old.leadership.state().holder === "next", { what: "it to see who leads" });
    assert.deepEqual(await addresses(), ["10.20.0.2"]);
  });

  test("clocks that are hours apart change nothing: the leader leads, and another follows when it ends", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    const kubeconfig = box.kubeconfig(box.token("cluster-admin"));
    const shifted = (hours: number): Clock => ({ ...systemClock, now: () => Date.now() + hours * 3_600_000 });
    const late = new House(kubeconfig, "late", shifted(-5));
    try {
      await late.leads();
      await using early = new House(kubeconfig, "early", shifted(5));
      await until(() => early.leadership.state().holder === "late", { what: "it to see who leads" });
      const path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/binnacle";
      const renewed = async () => (await box.admin.get<{ spec: { renewTime: string } }>(path)).spec.renewTime;
      // Ten renewals: longer than a lease lasts, by one whose clock says that it has run out long ago.
      const seen = new Set<string>();
      await until(async () => seen.add(await renewed()).size > 20, { what: "renewals", timeoutMs: 60_000 });
      assert.deepEqual([late.leadership.state().leads, early.leadership.state().leads], [true, false]);
      await late[Symbol.asyncDispose]();
      await early.leads();
    } finally {
      await late[Symbol.asyncDispose]();
    }
  });

  test("rights withdrawn half way keep what was read; given again, what was missed is repaired", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await createNamespace(box.admin, "robots");
    const ours = ["namespaces", "services", "secrets"];
    const rules = [
      { resources: ours, verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: ["list", "watch"] },
      {
        apiGroups: ["projectcontour.io"],
        resources: ["httpproxies", "tlscertificatedelegations", "extensionservices"],
        verbs: ["list", "watch"],
      },
      { apiGroups: ["contour.heptio.com"], resources: ["ingressroutes"], verbs: ["list", "watch"] },
    ];
    const robot = { to: { serviceAccount: "robots/binnacle" } };
    await grant(box.admin, "home", { ...robot, rules });
    const service = (name: string) => ({
      metadata: { name, namespace: SHOP },
      spec: { ports: [{ port: 80 }] },
    });
    const services = `/api/v1/namespaces/${SHOP}/services`;
    await box.admin.create(services, service("first"));
    await using proxy = await FaultyProxy.start(box);
    const token = await serviceAccountToken(box.admin, "robots", "binnacle");
    await using house = new House(proxy.kubeconfig(token), "a");
    await house.synced();
    assert.ok(house.has(`Service ${SHOP}/first`));

    // Only the half of it: Services may not be read any more, everything else may.
    await grant(box.admin, "home", {
      ...robot,
      rules: [{ ...rules[0]!, resources: ["namespaces"] }, ...rules.slice(1)],
    });
    const robotClient = box.withToken(token);
    const isRefused = () => assert.rejects(robotClient.get("/api/v1/services"), { code: 403 }).then(() => true);
    await until(isRefused, { what: "the right to be gone" });
    proxy.cutWatches();
    await until(() => house.source.state().state === "stale", { what: "the refusal", timeoutMs: 60_000 });
    const told = house.source.problems().map(({ message }) => message);
    assert.ok(
      told.some((message) => /services.*forbidden/i.test(message)),
      told.join(),
    );
    assert.ok(house.has(`Service ${SHOP}/first`));
    await createNamespace(box.admin, "meanwhile");
    await until(() => house.has("Namespace meanwhile"), { what: "the other half to go on" });
    await box.admin.delete(`${services}/first`);
    await box.admin.create(services, service("second"));
    await withdraw(box.admin, "home");
    await grant(box.admin, "home", { ...robot, rules });
    await until(() => house.has(`Service ${SHOP}/second`) && !house.has(`Service ${SHOP}/first`), {
      what: "what was missed",
      timeoutMs: 60_000,
    });
    await until(() => house.source.state().state === "synced", { what: "it to be in step", timeoutMs: 60_000 });
  });

  test("events that the server has compacted away are made up for by a new list", async () => {
    const apiServerFlags = ["--watch-cache=false", "--etcd-compaction-interval=1s"];
    await using box = await KubeBox.start({ controllers: [], apiServerFlags });
    await createNamespace(box.admin, "before");
    await using proxy = await FaultyProxy.start(box);
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")), "a");
    await house.synced();
    const { metadata } = await box.admin.get<{ metadata: { resourceVersion: string } }>("/api/v1/namespaces");
    await proxy.down();
    await createNamespace(box.admin, "after");
    await box.admin.delete("/api/v1/namespaces/before");
    const isCompacted = async (): Promise<boolean> => {
      const watch = box.admin.watch("/api/v1/namespaces", metadata.resourceVersion, AbortSignal.timeout(10_000));
      const { value } = await watch.next();
      return value?.type === "ERROR" && (value.object as { code?: number }).code === 410;
    };
    await until(isCompacted, { what: "the compaction", timeoutMs: 60_000, intervalMs: 200 });
    await proxy.up();
    await until(() => house.has("Namespace after"), { what: "what was missed", timeoutMs: 60_000 });
    assert.ok(house.log.some((line) => line.includes("resource version too old") && line.includes("namespaces")));
  });

  test("429, 500, late answers and broken connections: nothing is told before it is whole, each write is made, nothing is lost", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await box.admin.create(`/api/v1/namespaces/${SHOP}/services`, {
      metadata: { name: "own", namespace: SHOP },
      spec: { ports: [{ port: 80 }] },
    });
    await using proxy = await FaultyProxy.start(box);
    // What each call meets when it is made for the first time, the second, …; then it is answered.
    const trouble: readonly Fault[] = [
      { status: 429, headers: { "retry-after": "0" } },
      { status: 500 },
      "break",
      { delayMs: 300 },
    ];
    const met = new Map<string, number>();
    proxy.fault = ({ method, path, isWatch }) => {
      const call = `${method} ${path} ${isWatch}`;
      const times = met.get(call) ?? 0;
      met.set(call, times + 1);
      return trouble[times];
    };
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")), "a");
    await Promise.all([house.synced(), house.leads()]);
    assert.equal(house.sink.calls.length, 1, "all of it at once");
    assert.ok(house.has(`Service ${SHOP}/own`));

    const services = Array.from({ length: 20 }, (_, index) => discovered(`s${index}`, [`10.20.0.${index + 1}`]));
    house.placer.place("east", services, []);
    const placed = services.map((_, index) => `Service ${SHOP}/east-s${index}`);
    await until(() => house.has(...placed), { what: "every Service", timeoutMs: 60_000 });
    const addresses = async (): Promise<number> => {
      const { items } = await box.admin.get<V1EndpointSliceList>(SLICES);
      return new Set(items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((endpoint) => endpoint.addresses)))
        .size;
    };
    await until(addresses, { accept: (count) => count === 20, what: "every endpoint", timeoutMs: 60_000 });
    await until(() => house.placer.lag("east").waiting === 0, { what: "rest", timeoutMs: 60_000 });
    const deleted = proxy.calls.filter(({ method }) => method === "DELETE");
    assert.deepEqual(deleted, []);
    assert.ok(house.has(`Service ${SHOP}/own`));
    assert.equal(house.leadership.state().leads, true);
  });

  test("an API that is killed while there is something to write: the leader stops, and writes it when the API is back", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, SHOP);
    await using house = new House(box.kubeconfig(box.token("cluster-admin")), "a");
    await Promise.all([house.synced(), house.leads()]);
    house.placer.place("east", [discovered("cart", ["10.20.0.1"]), discovered("old", ["10.20.0.3"])], []);
    const both = [`Service ${SHOP}/east-cart`, `Service ${SHOP}/east-old`];
    await until(() => house.has(...both), { what: "both", timeoutMs: 30_000 });
    await box.kill();
    house.placer.place(
      "east",
      [discovered("cart", ["10.20.0.2"]), discovered("new", ["10.20.0.4"])],
      [discovered("old", ["10.20.0.3"])],
    );
    await until(() => !house.leadership.state().leads, { what: "it to lead no more", timeoutMs: 30_000 });
    assert.ok(house.has(...both), "what was read stands");
    await box.restart();
    await house.leads();
    const stands = () => house.has(`Service ${SHOP}/east-new`) && !house.has(`Service ${SHOP}/east-old`);
    await until(stands, { what: "what was to be written", timeoutMs: 60_000 });
    const slices = async () => JSON.stringify(await box.admin.get(SLICES));
    await until(slices, {
      accept: (text) => text.includes("10.20.0.2") && !text.includes("10.20.0.1"),
      what: "its endpoint",
    });
  });
});
