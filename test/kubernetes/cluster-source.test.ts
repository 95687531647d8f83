import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createKubeClient } from "../../src/kubernetes/http-client.ts";
import { silentLogger } from "../../src/lib/log.ts";
import { ClusterSource } from "../../src/sources/cluster/cluster-source.ts";
import { RecordingSink } from "../../src/sources/recording-sink.ts";
import { certificateAuthority } from "../integration/support/certificate.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import { type ApiCall, FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { definition } from "./support/schemaless-definition.ts";
import { tlsSecret } from "./support/tls-secret.ts";

/** A source that follows a cluster, and what it told. */
class House implements AsyncDisposable {
  readonly sink = new RecordingSink();
  readonly source: ClusterSource;
  synced = false;
  readonly #client;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  /** @param absent milliseconds after which a kind that is absent is looked for where its definition cannot be watched */
  constructor(kubeconfig: string, absent = 3_600_000, certificateNamespaces: readonly string[] = []) {
    this.#client = createKubeClient({ connection: { type: "inline", kubeconfig } });
    this.source = new ClusterSource({
      client: this.#client,
      sink: this.sink,
      log: silentLogger,
      times: { backoff: { least: 20, most: 200 }, absent },
      certificateNamespaces,
      onSynced: () => {
        this.synced = true;
        this.sink.wake();
      },
      onProblems: () => this.sink.wake(),
    });
    this.#run = this.source.run(this.#stop.signal);
  }

  names(kind: string): string[] {
    return this.sink.names().filter((name) => name.startsWith(`${kind} `));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
    this.#client[Symbol.dispose]();
  }
}

function ingress(namespace: string, host: string, secretName?: string) {
  const backend = { service: { name: "web", port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace, name: "web" },
    spec: {
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      ...(secretName === undefined ? {} : { tls: [{ hosts: [host], secretName }] }),
    },
  };
}

const secretFor = (namespace: string, name: string, host: string) =>
  tlsSecret(namespace, name, certificateAuthority("test").issue([host]));

const limit = { timeout: 120_000 };

describe("a cluster as the home of the objects", limit, () => {
  test("all there is comes in one call, and of Secrets only what is referred to", limit, async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await createNamespace(box.admin, "other");
    await box.admin.apply(
      secretFor("shop", "web", "shop.example"),
      secretFor("other", "web", "other.example"),
      { apiVersion: "v1", kind: "Secret", metadata: { namespace: "shop", name: "password" }, stringData: { a: "b" } },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { namespace: "shop", name: "web" },
        spec: { ports: [{ port: 80 }] },
      },
      ingress("shop", "shop.example", "web"),
      ingress("other", "other.example"),
    );
    await using proxy = await FaultyProxy.start(box);
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")));
    await house.sink.until(() => house.synced);
    assert.equal(house.sink.calls.length, 1);
    assert.deepEqual(house.names("Secret"), ["Secret shop/web"]);
    assert.deepEqual(house.names("Ingress"), ["Ingress other/web", "Ingress shop/web"]);
    assert.ok(
      house.sink.calls[0]?.some((call) => call.includes("/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web")),
      "the origin is the object's path",
    );
    assert.equal(house.source.state().state, "synced");
    const secretCalls = proxy.calls.filter(({ path }) => path.endsWith("/secrets"));
    assert.deepEqual(
      [...new Set(secretCalls.map(({ path, query }) => `${path} ${query.get("fieldSelector")}`))],
      ["/api/v1/namespaces/shop/secrets type=kubernetes.io/tls"],
    );
    assert.ok(!proxy.calls.some(({ path }) => path.endsWith("/endpoints")), "Endpoints repeat what slices say");

    await box.admin.apply(ingress("other", "other.example", "web"));
    await house.sink.until(() => house.names("Secret").length === 2);
    const both = house.sink.calls.find((call) => call.some((line) => line.startsWith("put Secret other/web")));
    assert.ok(
      both?.some((line) => line.startsWith("put Ingress other/web")),
      "an Ingress comes together with the Secret that it is the first to ask for",
    );
    await box.admin.delete("/apis/networking.k8s.io/v1/namespaces/other/ingresses/web");
    await house.sink.until(() => house.names("Ingress").length === 1 && house.names("Secret").length === 1);

    await using configured = new House(proxy.kubeconfig(box.token("cluster-admin")), 3_600_000, ["other"]);
    await configured.sink.until(() => configured.synced);
    const named = "nobody refers to the one that the configuration names";
    assert.deepEqual(configured.names("Secret"), ["Secret other/web", "Secret shop/web"], named);
  });

  test(
    "Contour's kinds are read where they are, also when they come later, with the Secrets that they name",
    limit,
    async () => {
      await using box = await KubeBox.start({ controllers: [] });
      await createNamespace(box.admin, "shop");
      await createNamespace(box.admin, "certs");
      await box.admin.apply(secretFor("certs", "shop", "shop.example"), {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { namespace: "certs", name: "authority" },
        stringData: { "ca.crt": "none" },
      });
      await using proxy = await FaultyProxy.start(box);
      await using house = new House(proxy.kubeconfig(box.token("cluster-admin")));
      await house.sink.until(() => house.synced);
      assert.deepEqual(house.source.problems(), [], "that they are absent is no problem");
      const isDefinition = ({ path }: ApiCall) => path.endsWith("/customresourcedefinitions");
      const waiting = () => proxy.openWatches.filter(isDefinition).length;
      await until(waiting, { accept: (count) => count === 4, what: "all four to be waited for" });
      await box.admin.apply(definition("v1", "HTTPProxy"), definition("v1", "TLSCertificateDelegation"));
      const validation = { caSecret: "certs/authority", subjectName: "web.example" };
      const objects = [
        {
          apiVersion: "projectcontour.io/v1",
          kind: "HTTPProxy",
          metadata: { namespace: "shop", name: "shop" },
          spec: {
            virtualhost: { fqdn: "shop.example", tls: { secretName: "certs/shop" } },
            routes: [{ services: [{ name: "web", port: 80, validation }], fromTheFuture: true }],
          },
        },
        {
          apiVersion: "projectcontour.io/v1",
          kind: "TLSCertificateDelegation",
          metadata: { namespace: "certs", name: "all" },
          spec: { delegations: [{ secretName: "shop", targetNamespaces: ["*"] }] },
        },
      ];
      // A definition is in force some moments after it was written.
      await until(() => box.admin.apply(...objects).then(() => true), { what: "the definitions to be in force" });
      await house.sink.until(
        () => house.names("Secret").length === 2 && house.names("TLSCertificateDelegation").length === 1,
      );
      assert.deepEqual(house.names("HTTPProxy"), ["HTTPProxy shop/shop"]);
      assert.equal(waiting(), 2, "for the two that are still missing");
      assert.deepEqual(house.names("Secret"), ["Secret certs/authority", "Secret certs/shop"]);
      await box.admin.delete("/apis/projectcontour.io/v1/namespaces/shop/httpproxies/shop");
      await house.sink.until(() => house.names("Secret").length === 0 && house.names("HTTPProxy").length === 0);
    },
  );

  test("where definitions may not be watched, a kind that comes later is found as well", limit, async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using proxy = await FaultyProxy.start(box);
    proxy.fault = ({ path }) =>
      path.endsWith("/customresourcedefinitions") ? { status: 403, reason: "Forbidden" } : undefined;
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")), 100);
    await house.sink.until(() => house.synced);
    await box.admin.apply(definition("v1", "HTTPProxy"));
    await createNamespace(box.admin, "shop");
    const metadata = { namespace: "shop", name: "shop" };
    const object = { apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata, spec: {} };
    await until(() => box.admin.apply(object).then(() => true), { what: "the definition to be in force" });
    await house.sink.until(() => house.names("HTTPProxy").length === 1);
  });

  test("an outage keeps everything, and what went on meanwhile is repaired", limit, async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply(ingress("shop", "shop.example"));
    await using proxy = await FaultyProxy.start(box);
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")));
    await house.sink.until(() => house.synced);
    const before = house.sink.names();

    await proxy.down();
    await house.sink.until(() => house.source.state().state === "stale");
    assert.deepEqual(house.sink.names(), before);
    assert.ok(house.source.problems().length > 0);
    await box.admin.delete("/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web");
    await createNamespace(box.admin, "new");
    await proxy.up();
    await house.sink.until(
      () => house.names("Ingress").length === 0 && house.names("Namespace").includes("Namespace new"),
    );
    await house.sink.until(() => house.source.problems().length === 0);
    assert.equal(house.source.state().state, "synced");

    proxy.failWatches(410, "Expired");
    await createNamespace(box.admin, "after-410");
    await house.sink.until(() => house.names("Namespace").includes("Namespace after-410"));
    proxy.cutWatches();
    await createNamespace(box.admin, "after-cut");
    await house.sink.until(() => house.names("Namespace").includes("Namespace after-cut"));
  });

  test("nothing is told before every kind has been listed", limit, async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using proxy = await FaultyProxy.start(box);
    proxy.fault = ({ path }) => (path.endsWith("/ingressclasses") ? { status: 500 } : undefined);
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")));
    await house.sink.until(() => house.source.problems().length > 0);
    assert.deepEqual(house.sink.calls, []);
    assert.equal(house.source.state().state, "failed");
    assert.match(house.source.state().detail, /ingressclasses/);
    proxy.fault = () => undefined;
    await house.sink.until(() => house.synced);
  });

  test("a server without EndpointSlices is read by its Endpoints", limit, async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using proxy = await FaultyProxy.start(box);
    proxy.fault = ({ path }) => (path.includes("/endpointslices") ? { status: 404, reason: "NotFound" } : undefined);
    await createNamespace(box.admin, "shop");
    await box.admin.apply({
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { namespace: "shop", name: "web" },
      subsets: [{ addresses: [{ ip: "10.1.2.3" }], ports: [{ port: 80 }] }],
    });
    await using house = new House(proxy.kubeconfig(box.token("cluster-admin")));
    await house.sink.until(() => house.names("Endpoints").includes("Endpoints shop/web"));
    assert.equal(house.sink.calls.length, 1, "they are a part of the first call");
  });
});
