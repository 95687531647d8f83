import { unreachable } from "#lib/unreachable.ts";
import type { ClusterState, EndpointHealth } from "#traffic/messages.ts";

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

export function clusterTone({ endpoints, healthy }: ClusterState): Tone {
  if (endpoints.length === 0) return "bad";
  if (healthy === 0) return "bad";
  return healthy < endpoints.length ? "warn" : "good";
}

/** What a cluster's health means for requests; empty when all is well. */
export function clusterWords({ endpoints, healthy, panic }: ClusterState): string {
  if (endpoints.length === 0) return "no endpoint is known: answers 503";
  if (healthy === 0) return "none is healthy: answers 503";
  if (panic) return "under half are healthy: Envoy sends to all";
  return "";
}
