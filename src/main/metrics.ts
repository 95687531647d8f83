import type { HomeWriteState } from "#monitoring/home-cluster-metrics.ts";
import type { Metrics } from "#monitoring/metrics.ts";
import type { ObjectSink } from "#store/changes.ts";
import type { XdsServer, XdsServerEvents } from "#xds/server.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { SupervisedProcess } from "./appliance-view.ts";
import type { HomeCluster } from "./home-cluster.ts";
import type { HomeSource } from "./home-source.ts";
import type { DiscoveryPart } from "./discovery.ts";
import { discoveryFeed } from "./discovery-feed.ts";
import { certificateFeed, objectFeed } from "./object-feed.ts";
import type { TrafficPart } from "./traffic.ts";

export interface MeasuredParts {
  readonly controlPlane: ControlPlane;
  readonly xds: XdsServer;
  readonly traffic: TrafficPart;
  readonly source: HomeSource;
  readonly cluster: Pick<HomeCluster, "leadership"> | undefined;
  /** What writes into the home cluster. */
  readonly writers: readonly { measure(): HomeWriteState }[];
  readonly discovery: Pick<DiscoveryPart, "measures" | "backends" | "placer">;
  readonly processes: () => readonly SupervisedProcess[];
}

/** Joins the metrics with the rooms: what happens is counted, what stands is read when it is scraped. */
export function connectMetrics(
  metrics: Metrics,
  { controlPlane, xds, traffic, source, cluster, writers, discovery, processes }: MeasuredParts,
): void {
  metrics.objects.connect(objectFeed(controlPlane));
  metrics.certificates.connect(() => certificateFeed(controlPlane));
  metrics.xds.connect({
    clients: () => xds.clients.length,
    quarantined: () => countBy(controlPlane.snapshot.quarantined().map(({ type }) => type)),
    unanswered: () => xds.unanswered(),
  });
  metrics.sources.connect(() => {
    const { state, lastSync } = source.state();
    const problems = source.problems();
    const errors = problems.filter(({ severity }) => severity === "error").length;
    return [
      { backend: "local", state, syncedAt: lastSync, errors, warnings: problems.length - errors },
      ...discovery.measures(),
    ];
  });
  metrics.discovery.connect(discoveryFeed(discovery, Date.now));
  if (cluster !== undefined) {
    metrics.homeCluster.connect({
      leads: () => cluster.leadership().leads,
      hasLeader: () => cluster.leadership().holder !== "",
      writes: () => writers.map((writer) => writer.measure()),
    });
  }
  metrics.children.connect(() =>
    processes().map(({ name, state, ends }) => ({
      name,
      state: state.state,
      running: state.state === "live" || state.state === "starting" || state.state === "draining",
      restarts: ends,
    })),
  );
  metrics.traffic.connect(traffic.measures);
}

/** Counts rounds of translation and what they built. */
export function countTranslation(metrics: Metrics, controlPlane: ControlPlane): void {
  controlPlane.listen({
    translated: ({ delta, millis }) => {
      const counts = countBy(delta.built.map((unit) => unit.slice(0, unit.indexOf(":"))));
      metrics.objects.translated(millis / 1000, counts);
    },
  });
}

/** A sink that counts what passes. */
export function countChanges(sink: ObjectSink, { objects }: Metrics): ObjectSink {
  return {
    apply: (changes) => {
      for (const { type } of changes) objects.storeChanged(type);
      sink.apply(changes);
    },
    refsFrom: (file) => sink.refsFrom(file),
  };
}

/** What the xDS server tells as it happens. */
export function xdsEvents({ xds }: Metrics): XdsServerEvents {
  return {
    pushed: ({ type, bytes }) => xds.pushed(type, bytes),
    acknowledged: ({ type, millis }) => xds.answered(type, "ack", millis / 1000),
    refused: ({ type, millis }) => xds.answered(type, "nack", millis / 1000),
    cut: () => xds.streamCut("slow"),
  };
}

function countBy(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
