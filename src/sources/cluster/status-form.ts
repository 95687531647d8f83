import type { KubeObject, ResourceType } from "#kubernetes/resource-type.ts";
import type { Problem } from "#lib/problem.ts";

/** What somebody who asks the API is to see of an object. */
export interface WantedStatus {
  /** Where it is reached; empty where that is not known. */
  readonly addresses: readonly StatusAddress[];
  readonly problems: readonly Problem[];
}

export type StatusAddress = { readonly ip: string } | { readonly hostname: string };

export interface StatusPatch {
  readonly metadata?: object;
  readonly status?: object;
}

/** How the status of one kind is written. */
export interface StatusForm<Seen> {
  readonly type: ResourceType;
  /** What of an object as it stands in the API matters here. */
  see(object: KubeObject): Seen;
  /**
   * The merge patch of its status that makes it as wanted, without resourceVersion; undefined when it is so already.
   *
   * @param wanted undefined: the object is not ours, and has nothing of ours on it
   */
  patch(seen: Seen, wanted: WantedStatus | undefined): StatusPatch | undefined;
}
