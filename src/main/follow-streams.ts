import { unreachable } from "#lib/unreachable.ts";
import type { StreamListener } from "#traffic/streams.ts";
import type { Traffic } from "#traffic/traffic.ts";
import type { IrItem } from "#translate/ir.ts";
import type { IrListener } from "#translate/ir-listener.ts";
import { streamStat } from "#xds/resources/listener.ts";
import type { ControlPlane } from "../control-plane.ts";

/**
 * Tells which listeners and server names have their connections forwarded, and where to, from now on: Envoy's counters say
 * nothing of that. Returns what ends it.
 */
export function followStreams(traffic: Pick<Traffic, "streamListeners">, controlPlane: ControlPlane): () => void {
  const streams = new Map<string, readonly StreamListener[]>();
  const take = ({ item }: { readonly item: IrItem }): void => {
    if (item.type === "listener") streams.set(item.name, streamsOf(item));
  };
  for (const item of controlPlane.translator.items()) take(item);
  traffic.streamListeners = [...streams.values()].flat();
  return controlPlane.listen({
    translated: ({ delta }) => {
      for (const item of delta.upserts) take(item);
      for (const { type, name } of delta.removals) if (type === "listener") streams.delete(name);
      traffic.streamListeners = [...streams.values()].flat();
    },
  });
}

function streamsOf({ name, serves }: IrListener): readonly StreamListener[] {
  switch (serves.protocol) {
    case "http":
    case "http3":
      return [];
    case "https":
      return serves.chains.flatMap(({ serverNames, tcp }): readonly StreamListener[] =>
        tcp === undefined ? [] : [{ name: streamStat(name, serverNames), protocol: "tcp", clusters: tcp }],
      );
    case "tcp":
    case "udp": {
      const clusters = serves.cluster === "" ? [] : [{ name: serves.cluster, weight: 1 }];
      return [{ name: streamStat(name), protocol: serves.protocol, clusters }];
    }
    default:
      return unreachable(serves);
  }
}
