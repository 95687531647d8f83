import type { IrVirtualHost } from "./ir.ts";
import type { IrListener, IrTlsChain } from "./ir-listener.ts";
import { ANY_HOST } from "./ir.ts";
import type { IrRoute } from "./ir-route.ts";

/** How a virtual host came to be the one for an authority. */
export type HostMatch = "exact" | "wildcard" | "catchAll";

export interface ChosenHost {
  readonly virtualHost: IrVirtualHost;
  readonly by: HostMatch;
  /** The routes that are looked at, in order. */
  readonly routes: readonly IrRoute[];
  /** The host that these routes belong to: {@link ANY_HOST} beyond a wildcard's one label. */
  readonly host: string;
}

/** What of the virtual hosts of a route table takes an authority: the exact name, the closest wildcard, the catch-all. */
export function chooseVirtualHost(hosts: ReadonlyMap<string, IrVirtualHost>, name: string): ChosenHost | undefined {
  const exact = hosts.get(name);
  if (exact !== undefined && name !== ANY_HOST)
    return { virtualHost: exact, by: "exact", routes: exact.routes, host: name };
  for (const [depth, wildcard] of wildcardsAbove(name).entries()) {
    const virtualHost = hosts.get(wildcard);
    if (virtualHost === undefined) continue;
    // Envoy's wildcard covers any number of labels, an Ingress's exactly one.
    const isBelow = depth === 0 && !name.startsWith(".");
    const routes = isBelow ? virtualHost.routes : (virtualHost.beyond ?? []);
    return { virtualHost, by: "wildcard", routes, host: isBelow ? wildcard : ANY_HOST };
  }
  const any = hosts.get(ANY_HOST);
  return any && { virtualHost: any, by: "catchAll", routes: any.routes, host: ANY_HOST };
}

/** The chain of an HTTPS listener that takes a handshake for a server name. */
export function chooseChain(serves: IrListener["serves"], serverName: string): IrTlsChain | undefined {
  if (serves.protocol !== "https") return undefined;
  for (const name of [serverName, ...wildcardsAbove(serverName)]) {
    const found = serves.chains.find(({ serverNames }) => serverNames.includes(name));
    if (found !== undefined) return found;
  }
  return serves.chains.find(({ serverNames }) => serverNames.length === 0);
}

/** `*.b.example`, `*.example` for `a.b.example`: the closest first. */
export function wildcardsAbove(name: string): readonly string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
}
