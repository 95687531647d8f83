import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterState, EndpointHealth, SeenBy, SentTo } from "#traffic/table-rows.ts";
import { clusterCounts, clusterTone, clusterWords } from "./health-words.ts";

function cluster(healths: readonly EndpointHealth[], seenBy: readonly SeenBy[] = []): ClusterState {
  const endpoint = { activeRequests: 0, activeConnections: 0, requests: 0, errors: 0, timeouts: 0, connectFailures: 0 };
  const healthy = healths.filter((health) => health === "healthy").length;
  return {
    key: "local/a/b/80",
    upstream: { backend: "local", namespace: "a", service: "b", port: 80 },
    counts: { requests: 0, classes: {}, codes: {}, flags: {} },
    rates: { seconds: 10, perSecond: 0, errorsPerSecond: 0, errorRatio: 0 },
    endpoints: healths.map((health, index) => ({
      ...endpoint,
      address: `10.0.0.${index}:80`,
      health,
      perSecond: 0,
      errorsPerSecond: 0,
    })),
    healthy,
    ...(seenBy.length === 0 ? {} : { seenBy }),
  };
}

function sent(service: string, perSecond: number): SentTo {
  return {
    upstream: { backend: service === "c" ? "west" : "local", namespace: "a", service, port: 80 },
    requests: 20,
    perSecond,
  };
}

for (const [what, state, tone, words] of [
  ["all is well", cluster(["healthy", "healthy"]), "good", ""],
  ["one ails", cluster(["healthy", "healthy", "failing"]), "warn", ""],
  ["most ail", cluster(["healthy", "failing", "failing"]), "warn", ""],
  [
    "others take over",
    { ...cluster(["failing", "healthy"]), sentTo: [sent("b", 5), sent("c", 15), sent("d", 0)] },
    "warn",
    "75% go to west a/c:80",
  ],
  ["there is none", cluster([]), "bad", "answers 503: no endpoint is known"],
  [
    "another Envoy sees fewer",
    cluster(
      ["healthy", "healthy"],
      [
        { envoy: "edge-1", healthy: 1, endpoints: 2 },
        { envoy: "here", healthy: 2, endpoints: 2 },
      ],
    ),
    "warn",
    "edge-1 sees 1 of 2 healthy",
  ],
  ["all agree", cluster(["healthy"], [{ envoy: "edge-1", healthy: 1, endpoints: 1 }]), "good", ""],
  ["only another is asked", cluster([], [{ envoy: "edge-1", healthy: 2, endpoints: 2 }]), "good", ""],
  [
    "only another is asked, and ails",
    cluster([], [{ envoy: "edge-1", healthy: 0, endpoints: 2 }]),
    "bad",
    "edge-1 sees 0 of 2 healthy",
  ],
] as const) {
  test(`an upstream's health in words: ${what}`, () => {
    assert.deepEqual([clusterTone(state), clusterWords(state)], [tone, words]);
  });
}

test("the figure is that of the Envoy that sees the fewest healthy", () => {
  assert.deepEqual(clusterCounts(cluster(["healthy", "healthy"], [{ envoy: "e", healthy: 1, endpoints: 3 }])), {
    envoy: "e",
    healthy: 1,
    endpoints: 3,
  });
});
