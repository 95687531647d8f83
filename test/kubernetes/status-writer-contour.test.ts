import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { customResourceDefinition } from "../../src/crds/custom-resource-definition.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace, serviceAccountToken } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { manifests } from "./support/rights.ts";
import { ADDRESS, StatusLeader, WRONG } from "./support/status-leader.ts";

interface Definition extends Manifest {
  readonly spec: { readonly versions: readonly [object] };
}

suite("status of Contour's kinds in a real API", { timeout: 240_000 }, () => {
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
    await using leader = new StatusLeader(box.kubeconfig(box.token("cluster-admin")));
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

  test("an ExtensionService shows the condition Valid, written with the rights that a control plane has", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    const { admin } = box;
    await createNamespace(admin, "shop");
    await admin.apply(...(await manifests("control-plane-rbac.yaml")));
    await admin.apply({ ...customResourceDefinition("ExtensionService") });
    const extension = {
      apiVersion: "projectcontour.io/v1alpha1",
      kind: "ExtensionService",
      metadata: { namespace: "shop", name: "auth", annotations: { "kubernetes.io/ingress.class": "binnacle" } },
      spec: { services: [{ name: "auth", port: 9001 }] },
    };
    await until(() => admin.apply(extension).then(() => true), { what: "the definition to be in force" });
    const token = await serviceAccountToken(admin, "binnacle-system", "control-plane");
    await using leader = new StatusLeader(box.kubeconfig(token));
    leader.problems = [{ ...WRONG, type: "ServiceError" }];
    const conditions = async () => {
      const path = "/apis/projectcontour.io/v1alpha1/namespaces/shop/extensionservices/auth";
      const { status } = await admin.get<{ status?: { conditions?: readonly { status: string }[] } }>(path);
      return status?.conditions ?? [];
    };
    const shows = (status: string) =>
      until(conditions, { accept: ([valid]) => valid?.status === status, what: `Valid to be ${status}` });
    assert.partialDeepStrictEqual(await shows("False"), [
      { type: "Valid", observedGeneration: 1, errors: [{ type: "ServiceError", reason: "ServiceNotFound" }] },
    ]);
    leader.problems = [{ ...WRONG, severity: "warning", type: "ServiceError", reason: "ServicePolicyDiffers" }];
    leader.writer.judgedAll();
    const warnings = [{ type: "ServiceError", status: "True", reason: "ServicePolicyDiffers", message: WRONG.message }];
    assert.partialDeepStrictEqual(await shows("True"), [{ message: "Valid ExtensionService", warnings }]);
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
    await using leader = new StatusLeader(box.kubeconfig(box.token("cluster-admin")));
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
      await using leader = new StatusLeader(kubeconfig);
      const kinds = () => leader.writer.unwritable();
      await until(kinds, { accept: (kinds) => kinds.join() === "ingressroutes.contour.heptio.com", what: "the word" });
      leader.writer.judgedAll();
      await until(() => leader.writer.state().waiting === 0);
      assert.equal((await shown()).status, undefined);
      assert.equal(proxy.calls.filter(({ method }) => method === "PATCH").length, 2, "it is not tried each time");
      assert.deepEqual(leader.writes, { ok: 0, conflict: 0, error: 0 });
    }

    await admin.apply(...(await manifests("ingressroute-status-rbac.yaml")));
    await using leader = new StatusLeader(kubeconfig);
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
