import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { bytesHash } from "#lib/canonical.ts";
import { compareText } from "#lib/compare.ts";
import { packBytes } from "#lib/packed-bytes.ts";
import { unreachable } from "#lib/unreachable.ts";
import { Cluster } from "#proto/envoy/config/cluster/v3/cluster.ts";
import { ClusterLoadAssignment } from "#proto/envoy/config/endpoint/v3/endpoint.ts";
import { Listener } from "#proto/envoy/config/listener/v3/listener.ts";
import { RouteConfiguration } from "#proto/envoy/config/route/v3/route.ts";
import { VirtualHost } from "#proto/envoy/config/route/v3/route_components.ts";
import { Secret } from "#proto/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import type { IrItem, IrType, IrVirtualHost } from "#translate/ir.ts";
import type { IrListener, IrTlsChain } from "#translate/ir-listener.ts";
import type { IrPolicies } from "#translate/ir-policies.ts";
import type { IrRoute } from "#translate/ir-route.ts";
import type { ResourceSource, XdsResource, XdsType } from "../resource.ts";
import { envoyCluster } from "./cluster.ts";
import { clusterLoadAssignment } from "./endpoints.ts";
import { gatewayCluster } from "./gateway.ts";
import { envoyListener, type ListenerDefaults } from "./listener.ts";
import { envoyRouteTable } from "./route-table.ts";
import { clientValidationSecret, envoySecret } from "./secret.ts";
import { tunnelListener } from "./tunnel-listener.ts";
import { envoyVirtualHost } from "./virtual-host.ts";

/** The type of the resource that an item becomes. */
export const XDS_TYPE_OF = {
  cluster: "cluster",
  endpoints: "endpoints",
  gateway: "cluster",
  tunnel: "listener",
  listener: "listener",
  routeTable: "routeTable",
  virtualHost: "virtualHost",
  certificate: "secret",
  clientValidation: "secret",
} as const satisfies Record<IrType, XdsType>;

/** IR → an Envoy resource with its version. Pure: equal items give equal bytes. */
export function encodeItem(item: IrItem, sources: readonly ResourceSource[], defaults: ListenerDefaults): XdsResource {
  const bytes = encodeBytes(item, defaults);
  return {
    type: XDS_TYPE_OF[item.type],
    name: item.name,
    version: bytesHash(bytes),
    bytes: packBytes(bytes),
    clusters: clustersOf(item),
    sources,
    ...listenersOf(item),
    ...(isChecked(item) ? { checked: true } : {}),
    ...(item.type === "virtualHost" && isMisdirected(item) ? { takesAway: true } : {}),
    ...(item.type === "virtualHost" && item.guarded === true ? { guarded: true } : {}),
  };
}

function encodeBytes(item: IrItem, defaults: ListenerDefaults): Uint8Array {
  switch (item.type) {
    case "cluster":
      return bytesOf(Cluster, envoyCluster(item));
    case "endpoints":
      return bytesOf(ClusterLoadAssignment, clusterLoadAssignment(item));
    case "gateway":
      return bytesOf(Cluster, gatewayCluster(item));
    case "tunnel":
      return bytesOf(Listener, tunnelListener(item, defaults));
    case "listener":
      return bytesOf(Listener, envoyListener(item, defaults));
    case "routeTable":
      return bytesOf(RouteConfiguration, envoyRouteTable(item));
    case "virtualHost":
      return bytesOf(VirtualHost, envoyVirtualHost(item));
    case "certificate":
      return bytesOf(Secret, envoySecret(item));
    case "clientValidation":
      return bytesOf(Secret, clientValidationSecret(item));
    default:
      return unreachable(item);
  }
}

/** Kept between messages for its buffer: a new writer's grows step by step, which costs more than all else of an encoding. */
let writer = new BinaryWriter();

function bytesOf<T>(codec: { encode(message: T, writer: BinaryWriter): BinaryWriter }, message: T): Uint8Array {
  try {
    return codec.encode(message, writer).finish();
  } catch (error) {
    // What it had written must not begin the next message.
    writer = new BinaryWriter();
    throw error;
  }
}

function isChecked(item: IrItem): boolean {
  return item.type === "gateway" || (item.type === "cluster" && item.healthCheck !== undefined);
}

function listenersOf(item: IrItem): Pick<XdsResource, "listeners"> {
  if (item.type === "cluster")
    return item.gateways === undefined || item.gateways.length === 0 ? {} : { listeners: item.gateways };
  if (item.type !== "endpoints") return {};
  const names = new Set(item.endpoints.flatMap(({ tunnel }) => (tunnel === undefined ? [] : [tunnel.name])));
  return names.size === 0 ? {} : { listeners: [...names].sort(compareText) };
}

/** Whether a virtual host stands only to say that its requests belong on other connections. */
function isMisdirected({ routes }: IrVirtualHost): boolean {
  return routes.length > 0 && routes.every(({ action }) => action.type === "respond" && action.status === 421);
}

function clustersOf(item: IrItem): readonly string[] {
  if (item.type === "virtualHost") return clustersOfHost(item);
  if (item.type === "tunnel") return [item.name];
  return item.type === "listener" ? clustersOfListener(item) : [];
}

function clustersOfListener({ serves }: IrListener): readonly string[] {
  if ("cluster" in serves) return serves.cluster === "" ? [] : [serves.cluster];
  const asked = serves.rateLimit === undefined || serves.rateLimit.cluster === "" ? [] : [serves.rateLimit.cluster];
  const chains = serves.protocol === "http" ? [] : serves.chains;
  return [...new Set([...asked, ...chains.flatMap(clustersOfChain)])];
}

function clustersOfChain({ tcp = [], jwt = [] }: IrTlsChain): readonly string[] {
  const fetched = jwt.flatMap(({ keys }) => (keys.type === "remote" ? [keys.cluster] : []));
  return [...tcp.map(({ name }) => name), ...fetched];
}

function clustersOfHost({ routes, beyond = [], policies }: IrVirtualHost): readonly string[] {
  const names = [...routes, ...beyond].flatMap((route) => [...askedBy(route.policies), ...sentTo(route)]);
  return [...new Set([...askedBy(policies), ...names])];
}

function sentTo({ action }: IrRoute): readonly string[] {
  if (action.type !== "forward") return [];
  return [...action.clusters.map(({ name }) => name), ...(action.mirrors ?? []).map(({ cluster }) => cluster)];
}

/** The services that a request has to pass by. */
function askedBy(policies: IrPolicies | undefined): readonly string[] {
  return typeof policies?.authorization === "object" ? [policies.authorization.cluster] : [];
}
