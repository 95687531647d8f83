import type { V1ConfigMap, V1Pod, V1Volume, V1VolumeProjection } from "@kubernetes/client-node";
import { chmod, chown, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ApiClient } from "./api-client.ts";

/** Path in the volume → contents. */
type Files = Readonly<Record<string, string>>;

/**
 * Makes the volumes of a Pod below `folder`, as a kubelet does: ConfigMaps, empty folders, and the projection of a service account's
 * token that the API server adds to each Pod. Volume's name → its folder. Throws for kinds that it does not know.
 */
export async function podVolumes(api: ApiClient, pod: V1Pod, folder: string): Promise<ReadonlyMap<string, string>> {
  const group = pod.spec?.securityContext?.fsGroup ?? 0;
  const made = new Map<string, string>();
  for (const volume of pod.spec?.volumes ?? []) {
    const path = join(folder, volume.name);
    await mkdir(path, { recursive: true });
    if (volume.emptyDir === undefined) await fill(path, await filesOf(api, pod, volume), group);
    // As of every volume of a Pod with an fsGroup: the group may write, and what is made inside is the group's (setgid).
    await chown(path, 0, group);
    await chmod(path, 0o2777);
    made.set(volume.name, path);
  }
  return made;
}

async function filesOf(api: ApiClient, pod: V1Pod, volume: V1Volume): Promise<Files> {
  const { namespace = "" } = pod.metadata ?? {};
  if (volume.configMap !== undefined) return configMap(api, namespace, volume.configMap.name ?? "");
  const sources = volume.projected?.sources;
  if (sources === undefined) throw new Error(`volume ${volume.name} is of a kind that this stand-in does not know`);
  const parts = await Promise.all(sources.map((source) => projected(api, pod, source)));
  return Object.assign({}, ...parts) as Files;
}

async function configMap(api: ApiClient, namespace: string, name: string): Promise<Files> {
  return (await api.get<V1ConfigMap>(`/api/v1/namespaces/${namespace}/configmaps/${name}`)).data ?? {};
}

async function projected(api: ApiClient, pod: V1Pod, source: V1VolumeProjection): Promise<Files> {
  const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
  if (source.serviceAccountToken !== undefined) {
    const account = pod.spec?.serviceAccountName ?? "default";
    const { expirationSeconds = 3600, path } = source.serviceAccountToken;
    const spec = { expirationSeconds, boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } };
    const url = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    return { [path]: (await api.create<{ status: { token: string } }>(url, { spec })).status.token };
  }
  if (source.configMap !== undefined) {
    const data = await configMap(api, namespace, source.configMap.name ?? "");
    return Object.fromEntries((source.configMap.items ?? []).map(({ key, path }) => [path, data[key] ?? ""]));
  }
  const items = source.downwardAPI?.items ?? [];
  return Object.fromEntries(items.map(({ path }) => [path, namespace]));
}

/** Behind two links, so that all files of a volume change at once. */
async function fill(path: string, files: Files, group: number): Promise<void> {
  const generation = join(path, "..generation");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(generation, name)), { recursive: true });
    await writeFile(join(generation, name), text, { mode: 0o640 });
    await chown(join(generation, name), 0, group);
  }
  await symlink("..generation", join(path, "..data.new"));
  await rename(join(path, "..data.new"), join(path, "..data"));
  for (const name of Object.keys(files)) await symlink(join("..data", name), join(path, name));
}
