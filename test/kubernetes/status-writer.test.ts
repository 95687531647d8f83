import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { systemClock } from "#kubernetes/clock.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import type { Term } from "#kubernetes/leadership.ts";
import { RateLimiter } from "#kubernetes/rate-limit.ts";
import { silentLogger } from "#lib/log.ts";
import type { ProxyProblem } from "#resources/httpproxy-status.ts";
import { ClusterSource } from "#sources/cluster/cluster-source.ts";
import type { WantedStatus } from "#sources/cluster/status-form.ts";
import { StatusWriter } from "#sources/cluster/status-writer.ts";
import { RecordingSink } from "#sources/recording-sink.ts";
import { customResourceDefinition } from "../../src/crds/custom-resource-definition.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace, serviceAccountToken } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { manifests } from "./support/rights.ts";

const ADDRESS = { ip: "192.0.2.1" };
const PROBLEMS = "binnacle.dev/problems";
const WRONG: ProxyProblem = {
  severity: "error",
  reason: "ServiceNotFound",
  path: "",
  message: "there is no Service web",
};
const path = (name: string): string => `/apis/networking.k8s.io/v1/namespaces/shop/ingresses/${name}`;

function ingress(name: string, ingressClassName = "binnacle"): Manifest {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace: "shop", name },
    spec: { ingressClassName, rules: [{ host: `${name}.example`, http: { paths } }] },
  };
}

/** A control plane that follows a cluster and leads as long as it lives, until it is told otherwise. */
class Leader implements AsyncDisposable {
  readonly sink = new RecordingSink();
  readonly writes = { ok: 0, conflict: 0, error: 0 };
  readonly writer: StatusWriter;
  problems: readonly ProxyProblem[] = [];
  readonly #parts = new AsyncDisposableStack();

  constructor(kubeconfig: string) {
    const client = this.#parts.use(createKubeClient({ connection: { type: "inline", kubeconfig } }));
    const wanted = (): WantedStatus => ({ addresses: [ADDRESS], problems: this.problems });
    this.writer = new StatusWriter({
      client,
      limiter: new RateLimiter(undefined, systemClock),
      wanted: (_ref, { ingressClassName, annotations }) =>
        (ingressClassName ?? annotations["kubernetes.io/ingress.class"]) === "binnacle" ? wanted() : "not ours",
      log: silentLogger,
      onWrite: (result) => void this.writes[result]++,
    });
    const source = new ClusterSource({
      client,
      sink: this.sink,
      log: silentLogger,
      onRead: (ref, object, _change, isListed) => this.writer.observe(ref, object, isListed),
      onSynced: () => this.writer.open(),
    });
    const stop = new AbortController();
    const term: Term = { signal: stop.signal, remaining: 10_000 };
    const runs = [source.run(stop.signal), this.writer.lead(term)];
    this.#parts.defer(async () => {
      stop.abort();
      await Promise.all(runs);
    });
  }

  async settled(): Promise<void> {
    const isSettled = (): boolean => this.writes.ok > 0 && this.writer.state().waiting === 0;
    await until(isSettled, { what: "all to be written", timeoutMs: 60_000 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

interface Definition extends Manifest {
  readonly spec: { readonly versions: readonly [object] };
}

interface Shown {
  readonly metadata: { readonly annotations?: Record<string, string>; readonly resourceVersion: string };
  readonly status: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
}

suite("status in a real API", { timeout: 240_000 }, () => {
  test("addresses and problems come, change and go; nothing is written twice, and the object has not changed", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply(ingress("web"), ingress("foreign", "nginx"));
    await using proxy = await FaultyProxy.start(box);
    await using leader = new Leader(proxy.kubeconfig(box.token("cluster-admin")));
    leader.problems = [WRONG];
    const shown = (name = "web") => box.admin.get<Shown>(path(name));
    const shows = (problems: string | undefined, addresses: readonly object[] | undefined) =>
      until(() => shown(), {
        accept: ({ metadata, status }) =>
          metadata.annotations?.[PROBLEMS] === problems &&
          JSON.stringify(status.loadBalancer?.ingress) === JSON.stringify(addresses),
        what: `${problems} and ${JSON.stringify(addresses)}`,
      });
    await shows("error ServiceNotFound: there is no Service web", [ADDRESS]);
    await leader.settled();
    assert.deepEqual(leader.writes, { ok: 1, conflict: 0, error: 0 });
    assert.equal(JSON.stringify(leader.sink.objects.get("Ingress shop/web")).includes(PROBLEMS), false);

    leader.problems = [];
    leader.writer.judgedAll();
    await shows(undefined, [ADDRESS]);
    // Somebody else writes it, and it is put right.
    await box.admin.patch(`${path("web")}/status`, { status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } } });
    await shows(undefined, [ADDRESS]);
    await leader.settled();
    assert.equal(leader.writes.ok, 3);

    // The class changes: what was ours goes, and of another's nothing is touched.
    const { resourceVersion } = (await shown("foreign")).metadata;
    await box.admin.patch(path("web"), { spec: { ingressClassName: "nginx" } });
    await shows(undefined, undefined);
    assert.equal((await shown("foreign")).metadata.resourceVersion, resourceVersion);
    await leader.settled();
    assert.ok(
      proxy.calls.every(({ method, path }) => method === "GET" || (method === "PATCH" && path.endsWith("/status"))),
    );
  });

  test("an HTTPProxy shows its status in Contour's form, as its definition has it", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply(HTTP_PROXY_DEFINITION);
    const proxy = {
      apiVersion: "projectcontour.io/v1",
      kind: "HTTPProxy",
      metadata: { namespace: "shop", name: "web" },
      spec: { ingressClassName: "binnacle", virtualhost: { fqdn: "shop.example" } },
    };
    await until(() => box.admin.apply(proxy).then(() => true), { what: "the definition to be in force" });
    await using leader = new Leader(box.kubeconfig(box.token("cluster-admin")));
    leader.problems = [{ ...WRONG, type: "RouteError" }];
    const status = async () => {
      const path = "/apis/projectcontour.io/v1/namespaces/shop/httpproxies/web";
      return (await box.admin.get<{ status?: Readonly<Record<string, unknown>> }>(path)).status;
    };
    const shows = (word: string) => until(status, { accept: (shown) => shown?.["currentStatus"] === word, what: word });
    assert.partialDeepStrictEqual(await shows("invalid"), {
      conditions: [
        {
          type: "Valid",
          status: "False",
          observedGeneration: 1,
          errors: [{ type: "RouteError", reason: "ServiceNotFound", message: "there is no Service web" }],
        },
      ],
      loadBalancer: { ingress: [ADDRESS] },
    });
    leader.problems = [];
    leader.writer.judgedAll();
    await shows("valid");
    await leader.settled();
    assert.deepEqual(leader.writes, { ok: 2, conflict: 0, error: 0 });
  });

  test("an IngressRoute shows its status in Contour's words, by our own definition", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply({ ...customResourceDefinition("IngressRoute") });
    const route = {
      apiVersion: "contour.heptio.com/v1beta1",
      kind: "IngressRoute",
      metadata: { namespace: "shop", name: "web", annotations: { "kubernetes.io/ingress.class": "binnacle" } },
      spec: { virtualhost: { fqdn: "shop.example" }, routes: [{ match: "/", services: [{ name: "web", port: 80 }] }] },
    };
    await until(() => box.admin.apply(route).then(() => true), { what: "the definition to be in force" });
    await using leader = new Leader(box.kubeconfig(box.token("cluster-admin")));
    leader.problems = [{ ...WRONG, type: "ServiceError" }];
    const status = async () => {
      const path = "/apis/contour.heptio.com/v1beta1/namespaces/shop/ingressroutes/web";
      return (await box.admin.get<{ status?: Readonly<Record<string, unknown>> }>(path)).status;
    };
    const shows = (word: string) => until(status, { accept: (shown) => shown?.["currentStatus"] === word, what: word });
    assert.partialDeepStrictEqual(await shows("invalid"), { loadBalancer: { ingress: [ADDRESS] } });
    leader.problems = [];
    leader.writer.judgedAll();
    assert.equal((await shows("valid"))?.["description"], "valid IngressRoute");
    await leader.settled();
    assert.deepEqual(leader.writes, { ok: 2, conflict: 0, error: 0 });
  });

  test("where Contour's old definition has no sub-resource, the status is written as a field, or it is told that we may not", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    const { admin } = box;
    await createNamespace(admin, "shop");
    await admin.apply(...(await manifests("control-plane-rbac.yaml")));
    const definition = customResourceDefinition("IngressRoute") as unknown as Definition;
    const [version] = definition.spec.versions;
    const old = { ...definition.spec, versions: [{ ...version, subresources: undefined }] };
    await admin.apply({ ...definition, spec: old });
    const route = {
      apiVersion: "contour.heptio.com/v1beta1",
      kind: "IngressRoute",
      metadata: { namespace: "shop", name: "web", annotations: { "kubernetes.io/ingress.class": "binnacle" } },
      spec: { virtualhost: { fqdn: "shop.example" }, routes: [{ match: "/", services: [{ name: "web", port: 80 }] }] },
    };
    await until(() => admin.apply(route).then(() => true), { what: "the definition to be in force" });
    const routes = "/apis/contour.heptio.com/v1beta1/namespaces/shop/ingressroutes/web";
    const shown = () => admin.get<{ spec: object; status?: { currentStatus?: string; loadBalancer?: object } }>(routes);
    await using proxy = await FaultyProxy.start(box);
    const kubeconfig = proxy.kubeconfig(await serviceAccountToken(admin, "binnacle-system", "control-plane"));
    {
      await using leader = new Leader(kubeconfig);
      const kinds = () => leader.writer.unwritable();
      await until(kinds, { accept: (kinds) => kinds.join() === "ingressroutes.contour.heptio.com", what: "the word" });
      leader.writer.judgedAll();
      await until(() => leader.writer.state().waiting === 0);
      assert.equal((await shown()).status, undefined);
      assert.equal(proxy.calls.filter(({ method }) => method === "PATCH").length, 2, "it is not tried each time");
      assert.deepEqual(leader.writes, { ok: 0, conflict: 0, error: 0 });
    }

    await admin.apply(...(await manifests("ingressroute-status-rbac.yaml")));
    await using leader = new Leader(kubeconfig);
    const shows = (word: string) =>
      until(shown, { accept: ({ status }) => status?.currentStatus === word, what: word });
    const { spec, status } = await shows("valid");
    assert.deepEqual(spec, route.spec);
    assert.deepEqual(status?.loadBalancer, { ingress: [ADDRESS] });
    await leader.settled();
    assert.deepEqual(leader.writes, { ok: 1, conflict: 0, error: 0 });
    assert.deepEqual(leader.writer.unwritable(), []);

    // The definition is replaced by ours: what is written to the object is passed over, and goes to the sub-resource then.
    await admin.apply({ ...definition });
    const ways = () => proxy.calls.filter(({ method }) => method === "PATCH").map(({ path: way }) => way.slice(-7));
    const inForce = () => admin.patch(`${routes}/status`, { status: { description: "somebody's" } }).then(() => true);
    await until(inForce, { what: "the definition to be in force" });
    leader.problems = [{ ...WRONG, type: "ServiceError" }];
    leader.writer.judgedAll();
    await shows("invalid");
    await until(() => leader.writer.state().waiting === 0);
    assert.equal(ways().at(-1), "/status");
    leader.problems = [];
    leader.writer.judgedAll();
    await shows("valid");
  });

  test("a write over a state that is no longer meets a conflict, and is made over the newer one", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply(ingress("web"));
    await using proxy = await FaultyProxy.start(box);
    await using leader = new Leader(proxy.kubeconfig(box.token("cluster-admin")));
    await leader.settled();
    proxy.muteWatches();
    await box.admin.patch(path("web"), { metadata: { labels: { changed: "yes" } } });
    leader.problems = [WRONG];
    leader.writer.judgedAll();
    await until(() => leader.writes.ok === 2, { what: "the second write" });
    assert.equal(leader.writes.conflict, 1);
  });

  test("two leaders at once want the same: each object is written once or meets a conflict, and then there is rest", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    const names = Array.from({ length: 50 }, (_, index) => `web-${index}`);
    await box.admin.apply(...names.map((name) => ingress(name)));
    await using proxy = await FaultyProxy.start(box);
    const kubeconfig = proxy.kubeconfig(box.token("cluster-admin"));
    await using one = new Leader(kubeconfig);
    await using two = new Leader(kubeconfig);
    const isSettled = (): boolean =>
      one.writes.ok + two.writes.ok === 50 && one.writer.state().waiting + two.writer.state().waiting === 0;
    await until(isSettled, { what: "all statuses", timeoutMs: 60_000 });
    for (const leader of [one, two]) leader.writer.judgedAll();
    await until(isSettled, { what: "rest" });
    const patches = proxy.calls.filter(({ method }) => method === "PATCH").length;
    assert.ok(patches <= 100, `${patches} writes of 50 statuses`);
  });

  test("3,000 statuses settle", async (t) => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    const names = Array.from({ length: 3000 }, (_, index) => `web-${index}`);
    for (let at = 0; at < names.length; at += 100) {
      await Promise.all(
        names.slice(at, at + 100).map((name) => box.admin.create(path(""), ingress(name)).then(() => undefined)),
      );
    }
    const started = performance.now();
    await using leader = new Leader(box.kubeconfig(box.token("cluster-admin")));
    await until(() => leader.writes.ok === 3000, { what: "3,000 writes", timeoutMs: 120_000, intervalMs: 100 });
    await leader.settled();
    t.diagnostic(`3,000 statuses in ${((performance.now() - started) / 1000).toFixed(1)} s, with their listing`);
    const { items } = await box.admin.get<{ items: Shown[] }>("/apis/networking.k8s.io/v1/ingresses");
    assert.ok(items.every(({ status }) => status.loadBalancer?.ingress?.length === 1));
    assert.deepEqual(leader.writes, { ok: 3000, conflict: 0, error: 0 });
  });
});

/** As far as a status goes: what stands in it, which of it is required, and that it is a subresource. */
const CONDITION = {
  type: "object",
  required: ["lastTransitionTime", "message", "reason", "status", "type"],
  properties: { type: { type: "string" } },
  "x-kubernetes-preserve-unknown-fields": true,
};
const HTTP_PROXY_DEFINITION: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "httpproxies.projectcontour.io" },
  spec: {
    group: "projectcontour.io",
    scope: "Namespaced",
    names: { plural: "httpproxies", kind: "HTTPProxy" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              status: {
                type: "object",
                default: { currentStatus: "NotReconciled", description: "Waiting for controller" },
                properties: {
                  currentStatus: { type: "string" },
                  description: { type: "string" },
                  conditions: {
                    type: "array",
                    items: CONDITION,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["type"],
                  },
                  loadBalancer: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                },
              },
            },
          },
        },
      },
    ],
  },
};
