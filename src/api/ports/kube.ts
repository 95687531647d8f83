import type { ServedChange, ServedObject } from "#kube-api/served-object.ts";
import type { Kind, ObjectRef } from "#resources/ref.ts";

/** Where Kubernetes' API begins here. */
export const KUBE_PREFIX = "/k8s";

/**
 * The objects as kubectl is shown them, with versions that grow. Implementations return everything; the API cuts to the
 * principal.
 */
export interface KubeView {
  /** The version of what is shown now: a watch that begins here misses nothing. */
  version(): number;
  get(ref: ObjectRef): ServedObject | undefined;
  /** Sorted by namespace, then name. */
  list(kind: Kind): readonly ServedObject[];
  /** What changed after `version`, oldest first; undefined when that is too long ago, or was never. */
  since(version: number): readonly ServedChange[] | undefined;
  /** Calls `listener` when there may be something new. Returns what ends it. */
  onChange(listener: () => void): () => void;
  /** Where objects are changed, for those who try it here: `the manifests in /etc/binnacle/manifests`. */
  readonly home: string;
}
