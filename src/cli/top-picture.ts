import type { DeltaMessage, SamplingState, SnapshotMessage } from "#traffic/messages.ts";
import type { ClusterState, EnvoyTotals, RouteTotals, StreamTotals, Totals } from "#traffic/table-rows.ts";

/** What `binnacle top` shows. */
export interface TopPicture {
  totals: Totals;
  sampling: SamplingState;
  streams: readonly StreamTotals[];
  readonly envoys: Map<string, EnvoyTotals>;
  readonly routes: Map<string, RouteTotals>;
  readonly clusters: Map<string, ClusterState>;
}

/** The picture that a snapshot begins. */
export function pictureOf({ totals, sampling, streams, envoys, routes, clusters }: SnapshotMessage): TopPicture {
  return {
    totals,
    sampling,
    streams,
    envoys: new Map(envoys.map((envoy) => [envoy.key, envoy])),
    routes: new Map(routes.map((route) => [route.key, route])),
    clusters: new Map(clusters.map((cluster) => [cluster.key, cluster])),
  };
}

/** Takes what a delta changes into the picture. */
export function updatePicture(picture: TopPicture, delta: DeltaMessage): void {
  picture.totals = delta.totals ?? picture.totals;
  picture.sampling = delta.sampling ?? picture.sampling;
  picture.streams = delta.streams ?? picture.streams;
  for (const envoy of delta.envoys ?? []) picture.envoys.set(envoy.key, envoy);
  for (const route of delta.routes ?? []) picture.routes.set(route.key, route);
  for (const key of delta.removed?.routes ?? []) picture.routes.delete(key);
  for (const cluster of delta.clusters ?? []) picture.clusters.set(cluster.key, cluster);
  for (const key of delta.removed?.clusters ?? []) picture.clusters.delete(key);
}
