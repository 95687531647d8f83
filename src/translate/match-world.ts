import type { IrCertificate, IrCluster, IrEndpoints, IrGateway, IrItem, IrRouteTable, IrVirtualHost } from "./ir.ts";
import type { IrListener } from "./ir-listener.ts";

/** The items that requests meet, by what they are found by. */
export interface MatchWorld {
  readonly listeners: readonly IrListener[];
  readonly tables: ReadonlyMap<string, IrRouteTable>;
  /** By route table, then by host. */
  readonly hosts: ReadonlyMap<string, ReadonlyMap<string, IrVirtualHost>>;
  readonly clusters: ReadonlyMap<string, IrCluster>;
  readonly endpoints: ReadonlyMap<string, IrEndpoints>;
  readonly gateways: ReadonlyMap<string, IrGateway>;
  readonly certificates: ReadonlyMap<string, IrCertificate>;
}

export function matchWorld(items: Iterable<IrItem>): MatchWorld {
  const listeners: IrListener[] = [];
  const tables = new Map<string, IrRouteTable>();
  const hosts = new Map<string, Map<string, IrVirtualHost>>();
  const clusters = new Map<string, IrCluster>();
  const endpoints = new Map<string, IrEndpoints>();
  const gateways = new Map<string, IrGateway>();
  const certificates = new Map<string, IrCertificate>();
  for (const item of items) {
    if (item.type === "listener") listeners.push(item);
    else if (item.type === "routeTable") tables.set(item.name, item);
    else if (item.type === "cluster") clusters.set(item.name, item);
    else if (item.type === "endpoints") endpoints.set(item.name, item);
    else if (item.type === "gateway") gateways.set(item.name, item);
    else if (item.type === "certificate") certificates.set(item.name, item);
    else if (item.type === "virtualHost") {
      const table = hosts.get(item.routeTable) ?? new Map<string, IrVirtualHost>();
      hosts.set(item.routeTable, table.set(item.host, item));
    }
  }
  return { listeners, tables, hosts, clusters, endpoints, gateways, certificates };
}
