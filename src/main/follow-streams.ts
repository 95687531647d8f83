import type { StreamListener } from "#traffic/streams.ts";
import type { Traffic } from "#traffic/traffic.ts";
import type { IrItem } from "#translate/ir.ts";
import type { ControlPlane } from "../control-plane.ts";

/**
 * Tells which listeners forward connections, and where to, from now on: Envoy's counters name only the listener. Returns what
 * ends it.
 */
export function followStreams(traffic: Pick<Traffic, "streamListeners">, controlPlane: ControlPlane): () => void {
  const streams = new Map<string, StreamListener>();
  const take = ({ item }: { readonly item: IrItem }): void => {
    if (item.type !== "listener") return;
    const { name, serves } = item;
    if (serves.protocol === "tcp" || serves.protocol === "udp") {
      streams.set(name, { name, protocol: serves.protocol, cluster: serves.cluster });
    } else streams.delete(name);
  };
  for (const item of controlPlane.translator.items()) take(item);
  traffic.streamListeners = [...streams.values()];
  return controlPlane.listen({
    translated: ({ delta }) => {
      for (const item of delta.upserts) take(item);
      for (const { type, name } of delta.removals) if (type === "listener") streams.delete(name);
      traffic.streamListeners = [...streams.values()];
    },
  });
}
