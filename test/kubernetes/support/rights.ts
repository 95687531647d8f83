import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { loadAll } from "js-yaml";
import type { Manifest } from "./api-client.ts";
import type { ApiCall } from "./faulty-proxy.ts";

const FOLDER = resolve(import.meta.dirname, "../../../appliance/kubernetes");

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The objects of a file of appliance/kubernetes. */
export async function manifests(name: string): Promise<readonly Manifest[]> {
  return loadAll(await readFile(join(FOLDER, name), "utf8")) as Manifest[];
}

/** `update services`, `patch ingresses/status.networking.k8s.io`: what RBAC is asked of a call; undefined: it is no resource's. */
export function rightOf({ method, path, isWatch }: ApiCall): string | undefined {
  const match =
    /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/[^/]+\/(?=[^/]))?([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path);
  if (match === null) return undefined;
  const [, group = "", resource = "", name, subresource] = match;
  const verbs: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
  const verb = verbs[method] ?? (isWatch ? "watch" : name === undefined ? "list" : "get");
  return `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}${group === "" ? "" : `.${group}`}`;
}

/** The rights that the roles of these files give, in the words of {@link rightOf}. */
export async function rightsOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  const roles = (await Promise.all(files.map(manifests))).flat();
  return new Set(
    roles
      .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
      .flatMap((role) => role["rules"] as readonly Rule[])
      .flatMap(({ apiGroups, resources, verbs }) =>
        verbs.flatMap((verb) =>
          resources.flatMap((name) => apiGroups.map((group) => `${verb} ${name}${group === "" ? "" : `.${group}`}`)),
        ),
      ),
  );
}
