import type { KubeObject, ResourceType } from "#kubernetes/resource-type.ts";
import type { ProxyProblem } from "#resources/httpproxy-status.ts";

/** What somebody who asks the API is to see of an object. */
export interface WantedStatus {
  /** Where it is reached; empty where that is not known. */
  readonly addresses: readonly StatusAddress[];
  /** Errors first. */
  readonly problems: readonly ProxyProblem[];
}

export type StatusAddress = { readonly ip: string } | { readonly hostname: string };

export interface StatusPatch {
  readonly metadata?: object;
  readonly status?: object;
}

/** An object as it stands in the API, as far as its status goes. */
export interface SeenStatus {
  /**
   * The merge patch that makes it as wanted, without resourceVersion; undefined when it is so already.
   *
   * @param wanted undefined: the object is not ours, and has nothing of ours on it
   * @param now milliseconds since the epoch
   */
  patch(wanted: WantedStatus | undefined, now: number): StatusPatch | undefined;
}

/** How the status of one kind is written. */
export interface StatusForm {
  readonly type: ResourceType;
  see(object: KubeObject): SeenStatus;
}
