import type { KubeObject, ObjectName, ResourceType } from "./resource-type.ts";
import type { WatchEvent } from "./watch-events.ts";

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

/** One request as metrics count it; a list of several pages is several. */
export interface ObservedCall {
  readonly verb: Verb;
  /** `services`, `ingresses.networking.k8s.io`, or the path's first words for what is no resource. */
  readonly resource: string;
  /** The HTTP status, 0 where there was no answer. */
  readonly code: number;
  /** To the end of the answer; of a watch to its beginning. */
  readonly seconds: number;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Milliseconds for each request to be answered whole, from when it is sent; the client's own unless given. */
  readonly timeout?: number;
}

export interface Selection {
  /** All namespaces without one. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends CallOptions, Selection {
  /** Objects a page; 500 unless given. */
  readonly limit?: number;
  /** As in the API: absent for what etcd holds now, `0` for what the server has at hand. */
  readonly resourceVersion?: string;
}

export interface KubeList {
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
  readonly items: readonly KubeObject[];
}

export interface WatchOptions extends Selection {
  readonly signal: AbortSignal;
  readonly resourceVersion: string;
  /** After which the server ends the watch. 290 s unless given. */
  readonly timeoutSeconds?: number;
  /** Milliseconds without a byte after which the watch is cut; a little more than its time-out unless given. */
  readonly silence?: number;
  /** The server took the watch: from now on it tells what changes. */
  readonly onOpen?: () => void;
}

export type Patch =
  /** JSON merge patch (RFC 7386). */
  | { readonly type: "merge"; readonly body: unknown }
  /** JSON patch (RFC 6902). */
  | { readonly type: "json"; readonly body: readonly unknown[] }
  /** Server-side apply, which takes fields over from others. */
  | { readonly type: "apply"; readonly body: unknown; readonly fieldManager: string };

export interface DeleteOptions extends CallOptions {
  /** Deletes only this very object. */
  readonly uid?: string | undefined;
  /** Deletes only this state of it. */
  readonly resourceVersion?: string | undefined;
}

/**
 * A client of one cluster's API. Every call ends when its signal says so, and after its time-out; every failure is a
 * {@link KubeError}.
 */
export interface KubeClient extends Disposable {
  /** For messages: where the connection is written. */
  readonly connection: string;
  get(type: ResourceType, name: ObjectName, options: CallOptions): Promise<KubeObject>;
  /** All pages. */
  list(type: ResourceType, options: ListOptions): Promise<KubeList>;
  /** Ends when the server ends it. Throws 410 (`isExpired`) when the resourceVersion is too old. */
  watch(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** Goes to the object's own namespace. */
  create(type: ResourceType, object: KubeObject, options: CallOptions): Promise<KubeObject>;
  /** With the object's resourceVersion: only if nobody changed it since. */
  replace(type: ResourceType, object: KubeObject, options: CallOptions): Promise<KubeObject>;
  patch(type: ResourceType, name: ObjectName, patch: Patch, options: CallOptions): Promise<KubeObject>;
  patchStatus(type: ResourceType, name: ObjectName, patch: Patch, options: CallOptions): Promise<KubeObject>;
  delete(type: ResourceType, name: ObjectName, options: DeleteOptions): Promise<void>;
  /** Any other path of the API as JSON: `/version`, `/apis`. */
  read(path: string, options: CallOptions): Promise<unknown>;
}
