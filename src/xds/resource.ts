import type { PackedBytes } from "#lib/packed-bytes.ts";
import type { ObjectRef } from "#resources/ref.ts";

/**
 * The resource types that are served, in the order in which a stream sends them: what is pointed at comes first. A listener
 * that gives up a chain goes after the hosts that are served from another one instead.
 */
export const XDS_TYPES = [
  "cluster",
  "endpoints",
  "routeTable",
  "virtualHost",
  "listener",
  "secret",
  "runtime",
] as const;
export type XdsType = (typeof XDS_TYPES)[number];

export const TYPE_URLS = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routeTable: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  virtualHost: "type.googleapis.com/envoy.config.route.v3.VirtualHost",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
  runtime: "type.googleapis.com/envoy.service.runtime.v3.Runtime",
} as const satisfies Record<XdsType, string>;

export const TYPE_OF_URL: ReadonlyMap<string, XdsType> = new Map(XDS_TYPES.map((type) => [TYPE_URLS[type], type]));

/** An object as it stood when a resource was made from it. */
export interface ResourceSource {
  readonly ref: ObjectRef;
  /** Content hash of the form that was read. */
  readonly hash: string;
}

/** One Envoy resource, encoded. Its version is the hash of its bytes: equal content is never sent twice. */
export interface XdsResource {
  readonly type: XdsType;
  readonly name: string;
  readonly version: string;
  readonly bytes: PackedBytes;
  /** Clusters that it sends traffic to: they and their endpoints go before it. */
  readonly clusters: readonly string[];
  /** Listeners that connections to its endpoints go through: they go before it, where the client asks for listeners. */
  readonly listeners?: readonly string[];
  /** Of a cluster: its endpoints are checked, and none is used before the first checks are through. */
  readonly checked?: boolean;
  /** The objects that it was made from, the one that is answerable first. */
  readonly sources: readonly ResourceSource[];
  /** It ends what the version before it served, because another resource does: it goes some seconds after that one. */
  readonly takesAway?: boolean;
  /** It asks clients for more than what may have served its host before: that ends as soon as the client has this one. */
  readonly guarded?: boolean;
}
