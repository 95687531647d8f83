import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { suite, test } from "node:test";
import { loadAll } from "js-yaml";
import { until } from "../integration/support/until.ts";
import { createNamespace, serviceAccountToken } from "./support/access.ts";
import type { ApiClient, Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";

const FOLDER = resolve(import.meta.dirname, "../../appliance/kubernetes");
const DISCOVERED = { "gimbal.projectcontour.io/backend": "east", "gimbal.projectcontour.io/service": "cart" };

suite("access in a cluster, by the manifests of appliance/kubernetes", { timeout: 240_000 }, () => {
  test("a team changes its own objects, reads what was discovered for it, and touches no other", async () => {
    await using box = await KubeBox.start({ users: { sue: ["team-shop"], ben: ["team-blog"] } });
    const { admin } = box;
    await applyFiles(admin, "control-plane-rbac.yaml", "team-rbac.yaml", "discovered-objects-policy.yaml");
    await createNamespace(admin, "team-blog");
    const [sue, ben] = [box.as("sue"), box.as("ben")];
    const controlPlane = box.withToken(await serviceAccountToken(admin, "binnacle-system", "control-plane"));
    await controlPlane.create(servicePath(""), service("cart", DISCOVERED));
    await controlPlane.create(SLICES, slice("cart", DISCOVERED));

    await sue.apply(ingress("team-shop"), service("own", {}));
    await sue.delete(servicePath("own"));
    const refused = { code: 403, reason: "Forbidden" };
    await assert.rejects(sue.apply(ingress("team-blog")), refused);
    await assert.rejects(ben.apply(ingress("team-shop")), refused);
    await assert.rejects(ben.get(servicePath("cart")), refused);
    await assert.rejects(sue.get("/api/v1/services"), refused);

    assert.partialDeepStrictEqual(await sue.get(servicePath("cart")), { metadata: { labels: DISCOVERED } });
    await sue.get(SLICES);
    await assert.rejects(sue.apply(slice("forged", {})), refused);
    // The policy is compiled some moments after it was written.
    const kept = { code: 403, message: /kept by discovery/ };
    await until(() => assert.rejects(sue.apply(service("forged", DISCOVERED)), kept).then(() => true), {
      what: "the policy to be in force",
    });
    const patch = { spec: { ports: [{ name: "http", port: 81 }] } };
    await assert.rejects(sue.patch(servicePath("cart"), patch), kept);
    const unlabelled = Object.fromEntries(Object.keys(DISCOVERED).map((name) => [name, null]));
    await assert.rejects(
      sue.patch(servicePath("cart"), { metadata: { labels: unlabelled } }),
      kept,
      "by taking the label",
    );
    await assert.rejects(sue.delete(servicePath("cart")), kept);
    const { metadata } = await controlPlane.get(servicePath("cart"));
    await controlPlane.replace(servicePath("cart"), { ...service("cart", DISCOVERED, 8081), metadata });
    await controlPlane.delete(servicePath("cart"));
    await controlPlane.create(servicePath(""), service("cart", DISCOVERED));
    await admin.delete("/api/v1/namespaces/team-shop");
    await until(() => assert.rejects(admin.get("/api/v1/namespaces/team-shop"), { code: 404 }).then(() => true), {
      what: "the namespace to go, with what was discovered in it",
      timeoutMs: 60_000,
    });
  });

  test("the control plane may do what it has to, and nothing beyond it", async () => {
    await using box = await KubeBox.start();
    const { admin } = box;
    await applyFiles(admin, "control-plane-rbac.yaml", "team-rbac.yaml");
    const controlPlane = box.withToken(await serviceAccountToken(admin, "binnacle-system", "control-plane"));
    for (const path of [
      "/apis/networking.k8s.io/v1/ingresses",
      "/apis/networking.k8s.io/v1/ingressclasses",
      "/api/v1/namespaces",
      "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io/tls",
      "/api/v1/services",
      "/apis/discovery.k8s.io/v1/endpointslices",
      "/api/v1/endpoints",
    ]) {
      await listAndWatch(controlPlane, path);
    }
    await admin.apply(ingress("team-shop"));
    const ingressPath = "/apis/networking.k8s.io/v1/namespaces/team-shop/ingresses/shop";
    const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
    await controlPlane.patch(`${ingressPath}/status`, { status });
    assert.partialDeepStrictEqual(await admin.get(ingressPath), { status });

    const leases = "/apis/coordination.k8s.io/v1/namespaces/binnacle-system/leases";
    const lease = { metadata: { name: "binnacle" }, spec: { holderIdentity: "one", leaseDurationSeconds: 15 } };
    const held = await controlPlane.create(leases, lease);
    await controlPlane.replace(`${leases}/binnacle`, { ...held, spec: { ...lease.spec, holderIdentity: "two" } });

    const review = { spec: { token: box.token("cluster-admin") } };
    const who = await controlPlane.create("/apis/authentication.k8s.io/v1/tokenreviews", review);
    assert.partialDeepStrictEqual(who, { status: { authenticated: true, user: { groups: ["system:masters"] } } });
    const question = {
      user: "sue",
      resourceAttributes: { verb: "list", resource: "services", namespace: "team-shop" },
    };
    const may = await controlPlane.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", { spec: question });
    assert.partialDeepStrictEqual(may, { status: { allowed: false } });

    const refused = { code: 403 };
    await assert.rejects(controlPlane.patch(ingressPath, { metadata: { labels: { touched: "yes" } } }), refused);
    await assert.rejects(controlPlane.create("/api/v1/namespaces", { metadata: { name: "new" } }), refused);
    await assert.rejects(
      controlPlane.create("/api/v1/namespaces/team-shop/secrets", { metadata: { name: "x" } }),
      refused,
    );
    await assert.rejects(controlPlane.get("/api/v1/pods"), refused);
    await assert.rejects(controlPlane.get(leases), refused);
    await applyFiles(admin, "namespace-creation-rbac.yaml");
    await until(() => controlPlane.create("/api/v1/namespaces", { metadata: { name: "new" } }), { what: "the right" });
  });

  test("discovery reads an upstream cluster's Services and endpoints, and no more", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await applyFiles(box.admin, "upstream-rbac.yaml");
    const discovery = box.withToken(await serviceAccountToken(box.admin, "binnacle-discovery", "discovery"));
    for (const path of ["/api/v1/services", "/api/v1/endpoints", "/apis/discovery.k8s.io/v1/endpointslices"]) {
      await listAndWatch(discovery, path);
    }
    await assert.rejects(discovery.get("/api/v1/secrets"), { code: 403 });
    await assert.rejects(discovery.create("/api/v1/namespaces/default/services", service("x", {})), { code: 403 });
  });
});

async function applyFiles(api: ApiClient, ...names: readonly string[]): Promise<void> {
  for (const name of names) await api.apply(...(loadAll(await readFile(resolve(FOLDER, name), "utf8")) as Manifest[]));
}

/** Throws unless both are allowed. */
async function listAndWatch(api: ApiClient, path: string): Promise<void> {
  const { metadata } = await until(() => api.get<{ metadata: { resourceVersion: string } }>(path), { what: path });
  const mark = path.includes("?") ? "&" : "?";
  // The server ends it after a second.
  const watch = api.watch(`${path}${mark}timeoutSeconds=1`, metadata.resourceVersion, AbortSignal.timeout(30_000));
  for await (const { type } of watch) if (type === "ERROR") throw new Error(`the watch of ${path} failed`);
}

function ingress(namespace: string): Manifest {
  const backend = { service: { name: "cart", port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  const spec = { rules: [{ host: "shop.example.com", http: { paths } }] };
  return { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { namespace, name: "shop" }, spec };
}

function service(name: string, labels: Readonly<Record<string, string>>, targetPort = 8080): Manifest {
  const spec = { ports: [{ name: "http", port: 80, targetPort }] };
  return { apiVersion: "v1", kind: "Service", metadata: { namespace: "team-shop", name, labels }, spec };
}

function slice(name: string, labels: Readonly<Record<string, string>>): Manifest {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "team-shop", name, labels: { ...labels, "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.88.0.9"] }],
    ports: [{ name: "http", port: 8080 }],
  };
}

const servicePath = (name: string): string => `/api/v1/namespaces/team-shop/services/${name}`;
const SLICES = "/apis/discovery.k8s.io/v1/namespaces/team-shop/endpointslices";
