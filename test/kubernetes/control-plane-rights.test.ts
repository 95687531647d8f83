import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "#config/load-config.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { serviceAccountToken } from "./support/access.ts";
import type { ApiClient, Manifest } from "./support/api-client.ts";
import { type ApiCall, FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { Member } from "./support/member.ts";
import { manifests, rightOf, rightsOf } from "./support/rights.ts";

/**
 * Rights that this run has no occasion for: Endpoints are read where there are no EndpointSlices, Contour's kinds where they
 * are defined, and `write` is asked for by discovered-objects-policy.yaml.
 */
const NO_OCCASION = /^(list|watch) endpoints$|(projectcontour\.io|contour\.heptio\.com)$|^write discoveredobjects/;

test(
  "the control plane makes the calls that its role allows, and needs all of them",
  { timeout: 240_000 },
  async () => {
    await using boxes = new AsyncDisposableStack();
    const [home, east] = (await Promise.all([KubeBox.start(), KubeBox.start({ controllers: [] })])).map((box) =>
      boxes.use(box),
    );
    assert.ok(home && east);
    const { admin } = home;
    const files = ["control-plane-rbac.yaml", "namespace-creation-rbac.yaml", "discovered-objects-policy.yaml"];
    for (const file of files) await admin.apply(...(await manifests(file)));
    await east.admin.apply(...(await manifests("upstream-rbac.yaml")));
    await upstream(east.admin, "shop");
    await using proxy = await FaultyProxy.start(home);
    await using folder = await temporaryDirectory("rights");
    const token = await serviceAccountToken(admin, "binnacle-system", "control-plane");
    const discovery = await serviceAccountToken(east.admin, "binnacle-discovery", "discovery");
    const kubeconfig = join(folder.path, "kubeconfig");
    await writeFile(kubeconfig, proxy.kubeconfig(token));
    // The first write of each kind meets a conflict, so that it is looked what stands there.
    const met = new Set<string>();
    proxy.fault = ({ method, path }) => {
      const kind = /ingresses|services|endpointslices/.exec(path)?.[0];
      if (kind === undefined || !["PUT", "PATCH"].includes(method) || met.has(kind)) return undefined;
      met.add(kind);
      return { status: 409, reason: "Conflict" };
    };
    const settings = `sources: {cluster: {kubeconfig: ${kubeconfig}, addresses: [lb.example]}}
backends: [{name: east, kubernetes: {kubeconfig: ${await east.kubeconfigFile(discovery)}}, createNamespaces: true}]`;
    await using member = await Member.start(join(folder.path, "member"), settings);

    const service = "/api/v1/namespaces/shop/services/east-cart";
    await until(() => admin.get(service), { what: "a namespace and a Service", timeoutMs: 60_000 });
    await admin.apply(ingress("shop"));
    const written = async () => JSON.stringify(await admin.get("/apis/networking.k8s.io/v1/ingresses"));
    await until(written, { accept: (text) => text.includes("lb.example"), what: "the status", timeoutMs: 30_000 });
    await upstream(east.admin, "shop", { address: "10.20.0.2" });
    const slices = async () =>
      JSON.stringify(await admin.get("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"));
    await until(slices, { accept: (text) => text.includes("10.20.0.2"), what: "a changed endpoint" });
    await upstream(east.admin, "shop", { port: 81 });
    await until(async () => JSON.stringify(await admin.get(service)).includes('"port":81'), { what: "a changed port" });
    await east.admin.delete("/api/v1/namespaces/shop/services/cart");
    await until(() => assert.rejects(admin.get(service), { code: 404 }).then(() => true), { what: "its end" });
    const headers = { authorization: `Bearer ${home.token("cluster-admin")}` };
    await httpGet({ port: member.api }, "/api/v1/status", { host: `127.0.0.1:${member.api}`, headers });

    const isLease = ({ path }: ApiCall) => path.endsWith("/leases/binnacle");
    const renewals = () => proxy.calls.filter((call) => call.method === "PUT" && isLease(call)).length;
    await until(renewals, { what: "the Lease to be renewed" });
    // A while without anything to do: as long as eight renewals take.
    const [rest, renewed] = [proxy.calls.length, renewals()];
    await until(renewals, { accept: (count) => count >= renewed + 8, what: "renewals", timeoutMs: 60_000 });
    const restless = proxy.calls.slice(rest).filter((call) => !call.isWatch && !isLease(call));
    assert.deepEqual(
      restless.map(({ method, path }) => `${method} ${path}`),
      [],
      "only watches and the Lease",
    );

    const refused = proxy.calls.filter(({ status }) => status === 403).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(refused, []);
    const asked = new Set(proxy.calls.map(rightOf).filter((right) => right !== undefined));
    const given = await rightsOf(files);
    const withoutContour = [...asked].filter((right) => !right.endsWith("projectcontour.io"));
    assert.deepEqual(withoutContour.filter((right) => !given.has(right)).sort(), [], "asked for and not given");
    const idle = [...given].filter((right) => !asked.has(right) && !NO_OCCASION.test(right)).sort();
    assert.deepEqual(idle, [], "given and not asked for");
  },
);

test("the Deployment is one that an API server takes, and its configuration one that loads", async () => {
  await using box = await KubeBox.start({ controllers: [] });
  await box.admin.apply(...(await manifests("control-plane-rbac.yaml")));
  const objects = await manifests("control-plane.yaml");
  await box.admin.apply(...objects);
  const map = objects.find(({ kind }) => kind === "ConfigMap") as { data?: Record<string, string> } | undefined;
  const { problems } = loadConfig(map?.data?.["binnacle.yaml"] ?? "", "/etc/binnacle/binnacle.yaml");
  assert.deepEqual(problems, []);
});

async function upstream(
  api: ApiClient,
  namespace: string,
  { port = 80, address = "10.20.0.1" }: { port?: number; address?: string } = {},
): Promise<void> {
  const metadata = { namespace, name: "cart" };
  await api.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ name: "http", port }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "cart" } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080 }],
      endpoints: [{ addresses: [address] }],
    },
  );
}

function ingress(namespace: string): Manifest {
  const backend = { service: { name: "east-cart", port: { name: "http" } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  const tls = [{ hosts: ["shop.example"], secretName: "web" }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace, name: "web" },
    spec: { ingressClassName: "binnacle", rules: [{ host: "shop.example", http: { paths } }], tls },
  };
}
