import type { XdsType } from "#xds/resource.ts";
import type { Snapshot } from "#xds/snapshot.ts";

/**
 * When Envoy's configuration last changed, milliseconds since the epoch. Runtime values are none of it: by them the shares of requests
 * that are shown follow the load, every few seconds.
 */
export function changeClock(snapshot: Pick<Snapshot, "listen">, now: () => number = Date.now): () => number {
  let since = now();
  const touch = (changed: readonly { readonly type: XdsType }[]): void => {
    if (changed.some(({ type }) => type !== "runtime")) since = now();
  };
  snapshot.listen({
    changed: touch,
    acknowledged: (resource) => touch([resource]),
    refused: (quarantine) => touch([quarantine]),
  });
  return () => since;
}
