import { apiVersionOf, KUBE_RESOURCES, type KubeResource } from "./kube-resource.ts";

/** What can be done with every resource here: reading. */
const VERBS = ["get", "list", "watch"] as const;

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** The groups beside the core group, with the one version of each that is served. */
export const GROUPS: readonly GroupVersion[] = [
  ...new Map(
    KUBE_RESOURCES.filter(({ group }) => group !== "").map(({ group, version }) => [group, { group, version }]),
  ).values(),
];

/** GET /api */
export function coreVersions(): object {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
}

/** GET /apis */
export function groupList(): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: GROUPS.map(groupOf) };
}

/** GET /apis/GROUP */
export function apiGroup(name: string): object | undefined {
  const found = GROUPS.find(({ group }) => group === name);
  return found === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupOf(found) };
}

/** GET /api/v1, /apis/GROUP/VERSION */
export function resourceList(group: string, version: string): object | undefined {
  const resources = resourcesOf(group, version);
  if (resources.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.map(({ plural, singular, namespaced, kind, shortNames, categories }) => ({
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: VERBS,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    })),
  };
}

/** GET /api and /apis when a client asks for everything at once (apidiscovery.k8s.io, KEP-3352). */
export function aggregatedDiscovery(part: "core" | "groups", formVersion: string): object {
  const groups = part === "core" ? [{ group: "", version: "v1" }] : GROUPS;
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${formVersion}`,
    metadata: {},
    items: groups.map(({ group, version }) => ({
      metadata: group === "" ? {} : { name: group },
      versions: [{ version, freshness: "Current", resources: resourcesOf(group, version).map(discovered) }],
    })),
  };
}

/** GET / */
export function rootPaths(): object {
  const groups = GROUPS.flatMap(({ group, version }) => [`/apis/${group}`, `/apis/${group}/${version}`]);
  return { paths: ["/api", "/api/v1", "/apis", ...groups, "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"] };
}

/**
 * GET /version. The numbers are those of the Kubernetes whose forms these are: kubectl compares them with its own.
 *
 * @param own the version of Binnacle, as build metadata
 */
export function versionInfo(own: string): object {
  const [major, minor] = ["1", "36"];
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.0+binnacle-${own}`,
    gitCommit: "",
    gitTreeState: "",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "",
    platform: "",
  };
}

function resourcesOf(group: string, version: string): readonly KubeResource[] {
  return KUBE_RESOURCES.filter((resource) => resource.group === group && resource.version === version);
}

function groupOf({ group, version }: GroupVersion): object {
  const preferredVersion = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [preferredVersion], preferredVersion };
}

function discovered(resource: KubeResource): object {
  const { kind, group, version, plural, singular, namespaced, shortNames, categories } = resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs: VERBS,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}
