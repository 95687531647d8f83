import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlPlane } from "../../src/control-plane.ts";
import type { KubeFeed } from "../../src/views/kube.ts";
import { ApiSetting } from "../browser/simulated/api-setting.ts";
import { controlPlaneOf, kubeFeedOf } from "./support/served-objects.ts";

const service = (namespace: string): string => `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ${namespace}}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
`;

function startedControlPlane(): { controlPlane: ControlPlane; kube: KubeFeed } {
  const controlPlane = controlPlaneOf(`${service("team-shop")}---${service("team-other")}`);
  return { controlPlane, kube: kubeFeedOf(controlPlane) };
}

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[];
}

test("who may read one namespace sees no other in any form, and is told nothing of what is there", async (t) => {
  const { kube } = startedControlPlane();
  const setting = await ApiSetting.start(t, {
    kube,
    principal: { name: "shop", namespaces: new Set(["team-shop"]) },
  });
  const read = async (path: string) => {
    const { status, body } = await setting.browse(`/k8s${path}`);
    return { status, body, json: JSON.parse(body) as Listed };
  };

  const services = await read("/api/v1/services");
  assert.deepEqual(
    services.json.items.map(({ metadata }) => metadata.namespace),
    ["team-shop"],
  );
  assert.deepEqual(
    (await read("/api/v1/namespaces")).json.items.map(({ metadata }) => metadata.name),
    ["team-shop"],
  );
  assert.equal((await read("/api/v1/namespaces/team-shop/services/web")).status, 200);
  for (const path of ["", "/web", "/missing"]) {
    assert.equal((await read(`/api/v1/namespaces/team-other/services${path}`)).status, 403, path);
    assert.equal((await read(`/api/v1/namespaces/team-nowhere/services${path}`)).status, 403, path);
  }
  const watched = await setting.browse("/k8s/api/v1/services?watch=1&timeoutSeconds=1");
  assert.match(watched.body, /team-shop/);
  assert.doesNotMatch(watched.body, /team-other/);
  const refused = await setting.browse("/k8s/api/v1/namespaces/team-other/services/web", { method: "DELETE" });
  assert.equal(refused.status, 405);
  assert.doesNotMatch(refused.body, /stands in/);
});

test("nobody is answered without credentials, in a Kubernetes API's form", async (t) => {
  const { kube } = startedControlPlane();
  const setting = await ApiSetting.start(t, { kube });
  for (const path of ["/k8s", "/k8s/version", "/k8s/api/v1/services", "/k8s/nothing"]) {
    const answer = await setting.anonymous(path);
    assert.equal(answer.status, 401);
    assert.deepEqual(JSON.parse(answer.body).reason, "Unauthorized");
  }
  const foreign = await setting.anonymous("/k8s/api/v1/services", { host: "evil.example" });
  assert.equal(foreign.status, 421);
  assert.equal((await setting.get("/k8s/nothing")).status, 404);
});
