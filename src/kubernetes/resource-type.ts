/** A kind of object as the API's paths name it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** As it stands in paths: `endpointslices`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Names one object of a {@link ResourceType}; `namespace` is empty or absent for kinds that have none. */
export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What every object's metadata has, as far as a client relies on it. */
export interface KubeMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** An object as the API tells or takes it: everything besides the metadata is for the reader to validate. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

/** `v1`, `networking.k8s.io/v1`. */
export function apiVersionOf({ group, version }: ResourceType): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `services`, `ingresses.networking.k8s.io`: how kubectl and RBAC name it, and metrics too. */
export function resourceName({ group, plural }: ResourceType): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** `/api/v1/namespaces/shop/services`; without a namespace the path of all namespaces. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const base = groupVersionPath(type);
  const below = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${base}${below}/${type.plural}`;
}

/** `/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web`. */
export function objectPath(type: ResourceType, { namespace, name }: ObjectName): string {
  return `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;
}

/** `/api/v1`, `/apis/networking.k8s.io/v1`: where a group and version say which resources they have. */
export function groupVersionPath({ group, version }: Pick<ResourceType, "group" | "version">): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}
