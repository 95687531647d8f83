import { z } from "zod";
import { KIND_FACTS } from "#resources/kinds.ts";
import { contentHash } from "#lib/canonical.ts";
import { GROUPS } from "./discovery.ts";
import { apiVersionOf, KUBE_RESOURCES, type KubeResource } from "./kube-resource.ts";

/** GET /openapi/v3. `prefix` is the path under which this API is found: `/k8s`. */
export function openapiIndex(prefix: string): object {
  const versions = [{ group: "", version: "v1" }, ...GROUPS];
  return {
    paths: Object.fromEntries(
      versions.map(({ group, version }) => {
        const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
        const hash = contentHash(openapiDocument(group, version));
        return [path, { serverRelativeURL: `${prefix}/openapi/v3/${path}?hash=${hash}` }];
      }),
    ),
  };
}

/**
 * GET /openapi/v3/api/v1, /openapi/v3/apis/GROUP/VERSION: the fields of each kind, from the schemas by which manifests are
 * checked. It is what `kubectl explain` reads. Undefined: there is no such group.
 */
export function openapiDocument(group: string, version: string): object | undefined {
  const resources = KUBE_RESOURCES.filter((resource) => resource.group === group && resource.version === version);
  if (resources.length === 0) return undefined;
  const key = apiVersionOf({ group, version });
  const made = MADE.get(key);
  if (made !== undefined) return made;
  const document = {
    openapi: "3.0.0",
    info: { title: "Binnacle", version: key },
    paths: Object.fromEntries(resources.flatMap(pathsOf)),
    components: {
      schemas: Object.fromEntries(resources.map((resource) => [schemaName(resource), schemaOf(resource)])),
    },
  };
  MADE.set(key, document);
  return document;
}

/** Documents by group and version, once they were asked for: each costs milliseconds to make and never changes. */
const MADE = new Map<string, object>();

function schemaOf({ kind, group, version }: KubeResource): object {
  const { $schema: _$schema, ...schema } = z.toJSONSchema(KIND_FACTS[kind].schema, {
    target: "openapi-3.0",
    io: "input",
    unrepresentable: "any",
    reused: "inline",
  });
  return { ...schema, "x-kubernetes-group-version-kind": [{ group, version, kind }] };
}

function pathsOf(resource: KubeResource): readonly (readonly [string, object])[] {
  const { group, version, kind, plural, namespaced } = resource;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const place = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const content = { "application/json": { schema: { $ref: `#/components/schemas/${schemaName(resource)}` } } };
  const about = { "x-kubernetes-group-version-kind": { group, version, kind } };
  const operation = (action: string): object => ({
    get: { "x-kubernetes-action": action, ...about, responses: { 200: { description: "OK", content } } },
  });
  return [
    [place, operation("list")],
    [`${place}/{name}`, { ...operation("get"), patch: { "x-kubernetes-action": "patch", ...about, ...REFUSED_PATCH } }],
  ];
}

/**
 * `kubectl apply` looks here whether a server checks fields itself (KEP-2885). Without this it checks them by an older document
 * that is not served, and fails before it hears that this API is read-only, and where objects come from.
 */
const REFUSED_PATCH = {
  parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
  responses: { 405: { description: "this API is read-only" } },
};

/** As Kubernetes names them: `io.k8s.api.networking.v1.Ingress`. */
function schemaName({ group, version, kind }: KubeResource): string {
  const domain = group.replace(/\.k8s\.io$/, "") || "core";
  const reversed = domain.split(".").toReversed().join(".");
  return `${group === "" || group.endsWith(".k8s.io") ? "io.k8s.api." : ""}${reversed}.${version}.${kind}`;
}
