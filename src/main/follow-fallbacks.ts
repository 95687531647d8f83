import { hostPort } from "#lib/host-port.ts";
import type { Upstream } from "#traffic/table-rows.ts";
import type { Traffic } from "#traffic/traffic.ts";
import { parseUpstream } from "#traffic/upstream.ts";
import { clusterName, type IrEndpoint, type IrItem } from "#translate/ir.ts";
import type { ControlPlane } from "../control-plane.ts";

/**
 * Tells which endpoints of a cluster belong to an upstream that takes over or shares in it, from now on: the Envoy here says
 * so of clusters that it uses itself, and one on another machine never does. Returns what ends it.
 */
export function followFallbacks(traffic: Pick<Traffic, "fallbacks">, controlPlane: ControlPlane): () => void {
  const { made } = traffic.fallbacks;
  const take = ({ item }: { readonly item: IrItem }): void => {
    if (item.type !== "endpoints") return;
    const own = new Map(item.endpoints.flatMap(fallbackOf));
    if (own.size === 0) made.delete(item.name);
    else made.set(item.name, own);
  };
  for (const item of controlPlane.translator.items()) take(item);
  return controlPlane.listen({
    translated: ({ delta }) => {
      for (const item of delta.upserts) take(item);
      for (const { type, name } of delta.removals) if (type === "endpoints") made.delete(name);
    },
  });
}

/** By the address as log entries have it. */
function fallbackOf({ address, port, of }: IrEndpoint): readonly (readonly [string, Upstream])[] {
  const upstream = of === undefined ? undefined : parseUpstream(clusterName(of));
  if (upstream === undefined) return [];
  return [[hostPort(address, port), upstream]];
}
