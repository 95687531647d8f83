import { hostname } from "node:os";
import type { TrafficView } from "#api/ports/traffic.ts";
import type { Config } from "#config/config.ts";
import type { EnvoyAdmin } from "#envoy/admin.ts";
import type { Logger } from "#lib/log.ts";
import type { TrafficFeed } from "#monitoring/traffic-metrics.ts";
import { formatRef, type ObjectRef } from "#resources/ref.ts";
import type { GatewayFacts } from "#traffic/reason-gateway.ts";
import type { StateDirectory } from "#supervisor/state-directory.ts";
import type { Marker } from "#traffic/messages.ts";
import { Traffic } from "#traffic/traffic.ts";
import { ACCESS_LOGS } from "#xds/resources/access-log.ts";
import { trafficRuntime } from "#xds/resources/runtime.ts";
import type { ControlPlane } from "../control-plane.ts";
import { ACCESS_LOG_SOCKET } from "./envoy-process.ts";
import { followFallbacks } from "./follow-fallbacks.ts";
import { followRouteShares } from "./follow-route-shares.ts";
import { followStreams } from "./follow-streams.ts";

export interface TrafficPartOptions {
  readonly config: Config;
  readonly state: StateDirectory;
  readonly controlPlane: ControlPlane;
  readonly logger: Logger;
}

/** The live traffic as the rest of the appliance sees it. */
export interface TrafficPart extends AsyncDisposable {
  readonly view: TrafficView;
  readonly measures: TrafficFeed;
  /** How the gateway of a backend is; undefined: Envoy uses none. */
  gateway(backend: string): GatewayFacts | undefined;
  /** Reads the counters of an Envoy that runs, until it is disposed of. */
  follow(admin: EnvoyAdmin): AsyncDisposable;
}

const MIB = 1024 * 1024;
/** Of a page of 10,000 clusters. */
const PAGE_TIMEOUT_MS = 10_000;
/** More objects than these are counted in a marker, not named. */
const MOST_NAMED = 3;

/** Starts the receiver of single requests, and steers what Envoy sends. */
export async function startTraffic({ config, state, controlPlane, logger }: TrafficPartOptions): Promise<TrafficPart> {
  const { sampleShare, entriesPerSecond, slowThreshold, keepQueryValues, retention, retentionMiB } = config.traffic;
  const { remote } = config.xds;
  const traffic = await Traffic.start({
    accessLogSocket: state.socket(ACCESS_LOG_SOCKET),
    remote: remote === undefined ? undefined : { ...remote, port: remote.accessLogPort },
    settings: {
      sampleShare,
      entriesPerSecond,
      slowThreshold,
      keepQueryValues,
      retention,
      retentionBytes: retentionMiB * MIB,
    },
    log: logger.room("traffic"),
    onShares: (shares) => controlPlane.steer(trafficRuntime(shares)),
  });
  const stopMarking = markChanges(traffic, controlPlane);
  const stopFollowing = [followStreams, followRouteShares, followFallbacks].map((follow) =>
    follow(traffic, controlPlane),
  );
  return {
    view: traffic,
    measures: measuresOf(traffic),
    gateway: (backend) => traffic.gateway(backend),
    follow: (admin) => {
      const id = hostname();
      traffic.addEnvoy({ id, openAdmin: (path, signal) => admin.open(path, { signal, timeoutMs: PAGE_TIMEOUT_MS }) });
      return { [Symbol.asyncDispose]: () => traffic.removeEnvoy(id) };
    },
    [Symbol.asyncDispose]: async () => {
      stopMarking();
      for (const stop of stopFollowing) stop();
      await traffic[Symbol.asyncDispose]();
    },
  };
}

/** Draws what changes the traffic across its graphs: changed objects, and what Envoy refused. */
function markChanges(traffic: Traffic, controlPlane: ControlPlane): () => void {
  return controlPlane.listen({
    translated: ({ delta, changed }) => {
      const touched = delta.upserts.length + delta.removals.length;
      // Before the first load is with Envoy there is no traffic to draw across.
      if (touched === 0 || changed.length === 0 || !controlPlane.snapshot.ready) return;
      const mark = { kind: "push", severity: "info" } as const;
      if (changed.length > MOST_NAMED) return traffic.mark({ ...mark, text: `${changed.length} objects changed` });
      // One for each team: it names nobody else's.
      for (const refs of Map.groupBy(changed, teamOf).values()) {
        traffic.mark({ ...mark, text: `${refs.map(formatRef).join(", ")} changed`, ...objectOf(refs) });
      }
    },
    refused: ({ quarantine, ref }) => {
      // Without an object it is told to everybody, and the resource's name may be a team's.
      const what =
        ref === undefined ? `a ${quarantine.type}` : `${quarantine.type} ${quarantine.name}: ${quarantine.message}`;
      const text = `Envoy refused ${what}`;
      traffic.mark({ kind: "nack", severity: "error", text, ...objectOf(ref === undefined ? [] : [ref]) });
    },
  });
}

/** A Namespace belongs to itself. */
function teamOf({ kind, namespace, name }: ObjectRef): string {
  return kind === "Namespace" ? name : namespace;
}

/** The first: those who see one of a namespace's objects see all. */
function objectOf([ref]: readonly ObjectRef[]): Pick<Marker, "object"> {
  if (ref === undefined) return {};
  const { kind, namespace, name } = ref;
  return { object: { kind, namespace, name } };
}

function measuresOf(traffic: Traffic): TrafficFeed {
  return {
    loggers: () => {
      const { received, shares } = traffic.stats;
      return ACCESS_LOGS.map((logger) => ({ logger, received: received[logger], share: shares[logger] }));
    },
    dropped: () => traffic.stats.dropped,
    lag: () => traffic.stats.lagSeconds,
    sockets: () => traffic.stats.sessions,
    frames: () => traffic.stats.frames,
    framesDropped: () => traffic.stats.framesDropped,
    failovers: () => traffic.board.failovers(),
    takenOver: () => traffic.board.takenOver(),
  };
}
