import { isDeepStrictEqual } from "node:util";
import type { Traffic } from "#traffic/traffic.ts";
import { ANY_HOST, type IrItem, type IrVirtualHost } from "#translate/ir.ts";
import { envoyRouteName } from "#xds/resources/traffic-key.ts";
import type { ControlPlane } from "../control-plane.ts";

/**
 * Tells which routes have a part of their ordinary requests logged singly, from now on: entries do not say for how many they
 * stand. Returns what ends it.
 */
export function followRouteShares(traffic: Pick<Traffic, "routeShares">, controlPlane: ControlPlane): () => void {
  /** By virtual host: only those that have such routes. */
  const shares = new Map<string, readonly (readonly [route: string, share: number])[]>();
  // All of them are gone through only when one has changed: nearly every change is of something else.
  let changed = false;
  const take = ({ item }: { readonly item: IrItem }): void => {
    if (item.type !== "virtualHost") return;
    const own = sharesOf(item);
    if (isDeepStrictEqual(own, shares.get(item.name) ?? [])) return;
    changed = true;
    if (own.length === 0) shares.delete(item.name);
    else shares.set(item.name, own);
  };
  const tell = (): void => {
    if (!changed) return;
    changed = false;
    traffic.routeShares = new Map([...shares.values()].flat());
  };
  for (const item of controlPlane.translator.items()) take(item);
  tell();
  return controlPlane.listen({
    translated: ({ delta }) => {
      for (const item of delta.upserts) take(item);
      for (const { type, name } of delta.removals) if (type === "virtualHost" && shares.delete(name)) changed = true;
      tell();
    },
  });
}

function sharesOf({ host, routes, beyond = [] }: IrVirtualHost): readonly (readonly [string, number])[] {
  const all = [...routes.map((route) => ({ route, host })), ...beyond.map((route) => ({ route, host: ANY_HOST }))];
  return all.flatMap(({ route, host: of }) =>
    route.logShare === undefined ? [] : [[envoyRouteName(of, route.owner, route.name), route.logShare] as const],
  );
}
