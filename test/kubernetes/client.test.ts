import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { serverVersion, serves } from "../../src/kubernetes/api-probe.ts";
import type { KubeClient } from "../../src/kubernetes/client.ts";
import { createKubeClient } from "../../src/kubernetes/http-client.ts";
import { isAlreadyExists, isConflict, isNotFound, reasonOfError } from "../../src/kubernetes/kube-error.ts";
import { ENDPOINT_SLICES, INGRESSES, SERVICES } from "../../src/kubernetes/resource-types.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { grant, serviceAccountToken } from "./support/access.ts";
import { KubeBox } from "./support/kubebox.ts";

const { signal } = new AbortController();

function service(name: string) {
  return { metadata: { namespace: "default", name }, spec: { ports: [{ port: 80 }] } };
}

test("the client against a real API server", { timeout: 120_000 }, async (t) => {
  await using box = await KubeBox.start({ controllers: [] });
  using client = createKubeClient({ connection: { type: "inline", kubeconfig: box.kubeconfig() } });

  await t.test("writes only over the state that it read", async () => {
    const name = { namespace: "default", name: "web" };
    const made = await client.create(SERVICES, service("web"), { signal });
    await assert.rejects(client.create(SERVICES, service("web"), { signal }), isAlreadyExists);
    const labels = { metadata: { labels: { a: "b" } } };
    const patched = await client.patch(SERVICES, name, { type: "merge", body: labels }, { signal });
    assert.deepEqual(patched.metadata.labels, { a: "b" });
    await assert.rejects(client.replace(SERVICES, made, { signal }), isConflict);
    const old = { metadata: { resourceVersion: made.metadata.resourceVersion } };
    await assert.rejects(client.patchStatus(SERVICES, name, { type: "merge", body: old }, { signal }), isConflict);
    const remove = [{ op: "remove", path: "/metadata/labels/a" }];
    const bare = await client.patch(SERVICES, name, { type: "json", body: remove }, { signal });
    assert.equal(bare.metadata.labels, undefined);
    const applied = { apiVersion: "v1", kind: "Service", metadata: { ...name, labels: { c: "d" } } };
    await client.patch(SERVICES, name, { type: "apply", body: applied, fieldManager: "test" }, { signal });
    assert.deepEqual((await client.get(SERVICES, name, { signal })).metadata.labels, { c: "d" });
    await assert.rejects(client.delete(SERVICES, name, { signal, uid: "another" }), isConflict);
    await client.delete(SERVICES, name, { signal, uid: made.metadata.uid });
    await assert.rejects(client.get(SERVICES, name, { signal }), isNotFound);
  });

  await t.test("lists in pages, and watches from the list", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await client.create(SERVICES, service(name), { signal });
    const list = await client.list(SERVICES, { signal, limit: 2, namespace: "default" });
    const names = list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual(names.slice(0, 5), ["Service a", "Service b", "Service c", "Service d", "Service e"]);
    await client.delete(SERVICES, { namespace: "default", name: "c" }, { signal });
    const { resourceVersion } = list;
    for await (const { type, object } of client.watch(SERVICES, { signal, resourceVersion })) {
      assert.deepEqual([type, object.metadata.name], ["DELETED", "c"]);
      break;
    }
  });

  await t.test("asks what the server has", async () => {
    assert.match(await serverVersion(client, { signal }), /^v1\.\d+/);
    assert.equal(await serves(client, ENDPOINT_SLICES, { signal }), true);
    assert.equal(await serves(client, { ...ENDPOINT_SLICES, version: "v1beta1" }, { signal }), false);
    assert.equal(await serves(client, { ...INGRESSES, plural: "routes" }, { signal }), false);
  });

  await t.test("in a Pod it is the Pod's ServiceAccount, and may what that may", async () => {
    await using pod = await temporaryDirectory("pod");
    await mkdir(pod.path, { recursive: true });
    await writeFile(join(pod.path, "ca.crt"), box.authority);
    await writeFile(join(pod.path, "namespace"), "default");
    await writeFile(join(pod.path, "token"), await serviceAccountToken(box.admin, "default", "binnacle"));
    const rules = [{ resources: ["services"], verbs: ["list"] }];
    await grant(box.admin, "reader", { to: { serviceAccount: "default/binnacle" }, rules });
    const { hostname, port } = new URL(box.url);
    using inside: KubeClient = createKubeClient({
      connection: { type: "in-cluster", serviceAccountDirectory: pod.path },
      environment: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    });
    // The API server watches its roles: a new one holds within moments.
    await until(async () => (await inside.list(SERVICES, { signal })).items.length > 0);
    await assert.rejects(inside.list(INGRESSES, { signal }), (error) => reasonOfError(error) === "Forbidden");
  });
});
