import assert from "node:assert/strict";
import { test } from "node:test";
import { unreachable } from "#lib/unreachable.ts";
import { kubeRequest } from "./kube-request.ts";
import { KubeFailure } from "./kube-status.ts";

/** A request in a line. */
function words(path: string): string {
  const request = kubeRequest(path);
  switch (request.type) {
    case "list":
      return `list ${request.resource.plural} in ${request.namespace ?? "all"}`;
    case "get":
      return `get ${request.resource.plural} ${request.namespace}/${request.name}`;
    case "group":
      return `group ${request.group}`;
    case "resources":
    case "openapi":
      return `${request.type} ${request.group}/${request.version}`;
    case "root":
    case "version":
    case "health":
    case "coreVersions":
    case "groups":
    case "openapiIndex":
      return request.type;
    default:
      return unreachable(request);
  }
}

for (const [path, expected] of [
  ["", "root"],
  ["/", "root"],
  ["/version", "version"],
  ["/readyz", "health"],
  ["/api", "coreVersions"],
  ["/api/v1", "resources /v1"],
  ["/apis", "groups"],
  ["/apis/networking.k8s.io", "group networking.k8s.io"],
  ["/apis/networking.k8s.io/v1", "resources networking.k8s.io/v1"],
  ["/api/v1/services", "list services in all"],
  ["/api/v1/namespaces", "list namespaces in all"],
  ["/api/v1/namespaces/team", "get namespaces /team"],
  ["/api/v1/namespaces/team/status", "get namespaces /team"],
  ["/api/v1/namespaces/team/services", "list services in team"],
  ["/api/v1/namespaces/team/services/web", "get services team/web"],
  ["/apis/networking.k8s.io/v1/namespaces/team/ingresses/shop/status", "get ingresses team/shop"],
  ["/apis/networking.k8s.io/v1/ingressclasses/binnacle", "get ingressclasses /binnacle"],
  ["/openapi/v3", "openapiIndex"],
  ["/openapi/v3/apis/networking.k8s.io/v1", "openapi networking.k8s.io/v1"],
] as const) {
  test(`${path || "(nothing)"} is ${expected}`, () => assert.equal(words(path), expected));
}

for (const path of [
  "/api/v1/pods",
  "/api/v2/services",
  "/api/v1/services/web",
  "/api/v1/namespaces/team/namespaces",
  "/api/v1/namespaces/team/services/web/proxy",
  "/api/v1/namespaces/team/services/web/status/more",
  "/apis/networking.k8s.io/v1/namespaces/team/ingressclasses",
  "/apis/extensions/v1beta1/ingresses",
  "/openapi/v2",
  "/api/v1/namespaces/%",
]) {
  test(`${path} is nothing here`, () => {
    assert.throws(
      () => kubeRequest(path),
      (error) => error instanceof KubeFailure && error.status.reason === "NotFound",
    );
  });
}
