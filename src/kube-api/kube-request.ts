import { KUBE_RESOURCES, type KubeResource } from "./kube-resource.ts";
import { KubeFailure } from "./kube-status.ts";

/** What a path of this API asks for. */
export type KubeRequest =
  | { readonly type: "root" }
  | { readonly type: "version" }
  | { readonly type: "health" }
  | { readonly type: "coreVersions" }
  | { readonly type: "groups" }
  | { readonly type: "group"; readonly group: string }
  | { readonly type: "resources"; readonly group: string; readonly version: string }
  | { readonly type: "openapiIndex" }
  | { readonly type: "openapi"; readonly group: string; readonly version: string }
  /** Without `namespace`: of all namespaces, or of a kind that has none. */
  | { readonly type: "list"; readonly resource: KubeResource; readonly namespace: string | undefined }
  | { readonly type: "get"; readonly resource: KubeResource; readonly namespace: string; readonly name: string };

/**
 * Reads a path below the API's root (Kubernetes: "API concepts", resource URIs).
 *
 * @param path decoded part by part here: `/apis/networking.k8s.io/v1/namespaces/team/ingresses`
 * @throws KubeFailure NotFound, in an API server's own words
 */
export function kubeRequest(path: string): KubeRequest {
  const [first, ...rest] = partsOf(path);
  switch (first) {
    case undefined:
      return { type: "root" };
    case "version":
      if (rest.length === 0) return { type: "version" };
      break;
    case "healthz":
    case "livez":
    case "readyz":
      return { type: "health" };
    case "api": {
      const [version, ...below] = rest;
      if (version === undefined) return { type: "coreVersions" };
      if (below.length === 0) return { type: "resources", group: "", version };
      return resourceRequest("", version, below);
    }
    case "apis": {
      const [group, version, ...below] = rest;
      if (group === undefined) return { type: "groups" };
      if (version === undefined) return { type: "group", group };
      if (below.length === 0) return { type: "resources", group, version };
      return resourceRequest(group, version, below);
    }
    case "openapi":
      return openapiRequest(rest);
  }
  throw noSuchPath();
}

function openapiRequest(parts: readonly string[]): KubeRequest {
  const [form, ...rest] = parts;
  if (form !== "v3") throw noSuchPath();
  if (rest.length === 0) return { type: "openapiIndex" };
  const [first, second, third, ...more] = rest;
  if (first === "api" && second !== undefined && third === undefined) {
    return { type: "openapi", group: "", version: second };
  }
  if (first !== "apis" || second === undefined || third === undefined || more.length > 0) throw noSuchPath();
  return { type: "openapi", group: second, version: third };
}

function resourceRequest(group: string, version: string, parts: readonly string[]): KubeRequest {
  // "namespaces" is a resource itself; with the word of another behind it, it only says where.
  const [first, namespace, ...below] = parts;
  const isScope = first === "namespaces" && namespace !== undefined && below.length > 0 && below[0] !== "status";
  const [plural, name, sub, ...more] = isScope ? below : parts;
  const found = KUBE_RESOURCES.find(
    (resource) => resource.group === group && resource.version === version && resource.plural === plural,
  );
  if (found === undefined || more.length > 0 || (isScope && !found.namespaced)) throw noSuchPath();
  // The status is part of the object here; other sub-resources there are none.
  if (sub !== undefined && sub !== "status") throw noSuchPath();
  if (name === undefined) return { type: "list", resource: found, namespace: isScope ? namespace : undefined };
  if (found.namespaced !== isScope) throw noSuchPath();
  return { type: "get", resource: found, namespace: isScope ? namespace : "", name };
}

function partsOf(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "");
  try {
    return parts.map(decodeURIComponent);
  } catch {
    throw noSuchPath();
  }
}

export function noSuchPath(): KubeFailure {
  return new KubeFailure("NotFound", "the server could not find the requested resource");
}
