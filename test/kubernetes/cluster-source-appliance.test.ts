import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";

test(
  "binnacle up takes its objects from a cluster, and serves on while the API is away",
  { timeout: 180_000 },
  async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using home = await ApplianceHome.create("cluster");
    const { http, api } = home;
    await createNamespace(box.admin, "shop");
    await createNamespace(box.admin, "binnacle-system");
    await box.admin.apply(
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        metadata: { name: "binnacle" },
        spec: { controller: "binnacle.dev/ingress-controller" },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { namespace: "shop", name: "web" },
        spec: { ports: [{ port: 80 }] },
      },
    );
    await home.configure(`sources: {cluster: {kubeconfig: ${await box.kubeconfigFile()}, addresses: [lb.example]}}`);
    await using _appliance = await home.serve();
    const signedIn = { host: `127.0.0.1:${api}`, headers: { authorization: await home.authorization() } };
    await until(() => home.metrics(), { accept: (text) => /^binnacle_leader 1$/m.test(text), what: "a leader" });
    const status = (await httpGet({ port: api }, "/api/v1/status", signedIn)).body;
    assert.match(status, /this control plane leads and writes/);

    const ask = async (host: string) => (await httpGet({ port: http }, "/", { host })).status;
    assert.equal(await ask("shop.example"), 404);

    await box.admin.apply(ingress("shop.example"));
    // A route to a Service without endpoints answers 503: the API takes no endpoint that a test could listen on.
    await until(() => ask("shop.example"), { accept: (status) => status === 503, what: "the route" });

    const path = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web";
    const loadBalancer = { ingress: [{ hostname: "lb.example" }] };
    await until(() => box.admin.get<{ status: object }>(path), {
      accept: ({ status }) => JSON.stringify(status) === JSON.stringify({ loadBalancer }),
      what: "the address",
    });

    await box.kill();
    assert.equal(await ask("shop.example"), 503);
    assert.equal((await httpGet({ port: api }, "/readyz", signedIn)).status, 200);
    await box.restart();
    await box.admin.apply(ingress("other.example"));
    await until(() => ask("other.example"), {
      accept: (status) => status === 503,
      what: "the change",
      timeoutMs: 60_000,
    });
    await until(() => ask("shop.example"), { accept: (status) => status === 404, what: "the old host to go" });
  },
);

function ingress(host: string) {
  const backend = { service: { name: "web", port: { number: 80 } } };
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
