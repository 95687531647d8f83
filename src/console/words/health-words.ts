import { unreachable } from "#lib/unreachable.ts";
import type { ClusterState, EndpointHealth } from "#traffic/table-rows.ts";
import { formatShare, formatUpstreamShort } from "./format.ts";

/** How serious a thing is: its colour, never without words or a shape beside it. */
export type Tone = "good" | "warn" | "bad" | "idle";

export function healthTone(health: EndpointHealth): Tone {
  switch (health) {
    case "healthy":
      return "good";
    case "degraded":
    case "draining":
      return "warn";
    case "failing":
    case "ejected":
    case "unhealthy":
      return "bad";
    case "unknown":
      return "idle";
    default:
      return unreachable(health);
  }
}

/** Why an endpoint gets or gets no requests. */
export function healthWords(health: EndpointHealth): string {
  switch (health) {
    case "healthy":
      return "healthy";
    case "failing":
      return "fails its active health check";
    case "ejected":
      return "ejected for a while: too many of its answers were errors";
    case "degraded":
      return "degraded: used when the others do not suffice";
    case "draining":
      return "draining: takes no new requests";
    case "unhealthy":
      return "unhealthy";
    case "unknown":
      return "first health check not through";
    default:
      return unreachable(health);
  }
}

/** How many endpoints there are and how many are healthy, as the Envoy sees it that sees the fewest of them healthy. */
export function clusterCounts({ endpoints, healthy, seenBy = [] }: ClusterState): {
  readonly healthy: number;
  readonly endpoints: number;
} {
  const own = { healthy, endpoints: endpoints.length };
  const all = endpoints.length === 0 ? seenBy : [own, ...seenBy];
  return all.toSorted((a, b) => partOf(a) - partOf(b))[0] ?? own;
}

function partOf({ healthy, endpoints }: { readonly healthy: number; readonly endpoints: number }): number {
  return endpoints === 0 ? 0 : healthy / endpoints;
}

export function clusterTone(cluster: ClusterState): Tone {
  const { healthy, endpoints } = clusterCounts(cluster);
  if (endpoints === 0 || healthy === 0) return "bad";
  return healthy < endpoints ? "warn" : "good";
}

/** What a cluster's health means for requests; empty when all is well. */
export function clusterWords(cluster: ClusterState): string {
  const { endpoints, healthy, seenBy = [], sentTo = [] } = cluster;
  const worst = clusterCounts(cluster);
  if (worst.healthy < worst.endpoints && (endpoints.length === 0 || worst.healthy < healthy)) {
    const who = seenBy.filter((seen) => partOf(seen) === partOf(worst)).map(({ envoy }) => envoy);
    return `${who.join(", ")} ${who.length === 1 ? "sees" : "see"} ${worst.healthy} of ${worst.endpoints} healthy`;
  }
  if (worst.endpoints === 0) return "answers 503: no endpoint is known";
  if (endpoints.length === 0) return "";
  if (healthy === 0) return "answers 503: none is healthy";
  return takenOverWords(sentTo);
}

/** Whom its requests go to now in its place; empty where they go to itself. */
function takenOverWords([own, ...others]: NonNullable<ClusterState["sentTo"]>): string {
  const busy = others.filter(({ perSecond }) => perSecond > 0);
  const sum = busy.reduce((total, { perSecond }) => total + perSecond, own?.perSecond ?? 0);
  return busy
    .map(({ upstream, perSecond }) => `${formatShare(perSecond / sum)} go to ${formatUpstreamShort(upstream)}`)
    .join(", ");
}
