import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { applianceConfig, ApplianceProcess } from "../integration/support/appliance-process.ts";
import { freePorts } from "../integration/support/free-port.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";

test(
  "binnacle up takes its objects from a cluster, and serves on while the API is away",
  { timeout: 180_000 },
  async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using home = await temporaryDirectory("cluster");
    const ports = await freePorts(4);
    const [http = 0, , api = 0] = ports;
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
    await writeFile(
      join(home.path, "binnacle.yaml"),
      applianceConfig(
        ports,
        `sources: {cluster: {kubeconfig: ${await box.kubeconfigFile()}, addresses: [lb.example]}}`,
      ),
    );
    await using appliance = new ApplianceProcess(home.path);
    const ready = () => httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` });
    await until(ready, {
      accept: ({ status }) => status === 200,
      timeoutMs: 60_000,
      what: `readiness; ${appliance.output}`,
    });
    const token = (await readFile(join(home.path, "state/token"), "utf8")).trim();
    const signedIn = { host: `127.0.0.1:${api}`, headers: { authorization: `Bearer ${token}` } };
    const metrics = async () => (await httpGet({ port: api }, "/metrics", signedIn)).body;
    await until(metrics, { accept: (text) => /^binnacle_leader 1$/m.test(text), what: "a leader" });
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
    assert.equal((await ready()).status, 200);
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
