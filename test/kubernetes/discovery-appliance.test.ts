import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplianceHome } from "../integration/support/appliance-home.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { createNamespace } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";

test(
  "binnacle up serves traffic to a backend's endpoints, while its API is away, and after a restart without it",
  { timeout: 180_000 },
  async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using subnet = await claimPodSubnet();
    const ip = `${subnet.prefix}.7`;
    await using _pod = await Upstream.start({ host: ip, port: 8080, respond: () => ({ body: "cart" }) });
    await createNamespace(box.admin, "shop");
    const metadata = { namespace: "shop", name: "cart" };
    await box.admin.apply(
      { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { ...metadata, labels: { "kubernetes.io/service-name": "cart" } },
        addressType: "IPv4",
        ports: [{ name: "", port: 8080 }],
        endpoints: [{ addresses: [ip] }],
      },
    );
    await using home = await ApplianceHome.create("discovery");
    const { http } = home;
    await home.write("manifests/shop.yaml", INGRESS);
    await home.configure(
      `backends:
  - {name: east, kubernetes: {kubeconfig: ${await box.kubeconfigFile()}}, namespaces: {map: {shop: team-shop}}}
upstreams: {allowLocal: [8080]}`,
    );
    const serving = async (act: () => Promise<void>): Promise<void> => {
      await using _appliance = await home.serve();
      assert.equal(await cart(), "cart", "from the first request on");
      await act();
    };
    const cart = async () => (await httpGet({ port: http }, "/", { host: "shop.example" })).body;
    await serving(async () => {
      await box.kill();
      assert.equal(await cart(), "cart");
    });
    await serving(async () => {});
  },
);

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: east-cart, port: {number: 80}}}
`;
