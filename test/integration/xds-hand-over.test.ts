import assert from "node:assert/strict";
import { test } from "node:test";
import { packBytes } from "#lib/packed-bytes.ts";
import { Cluster, Cluster_DiscoveryType } from "#proto/envoy/config/cluster/v3/cluster.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const app = (name: string, upstream: Upstream): string =>
  together(service("team", name, [upstream]), ingress("team", name, `${name}.test`, name));

test("after a cluster that it refused Envoy hears of clusters from the next control plane, too", async () => {
  await using upstream = await Upstream.start();
  await using gateway = await Gateway.start();
  gateway.apply(app("a", upstream));
  await gateway.open();
  const { snapshot } = gateway.controlPlane;
  // Without a source of its endpoints.
  const bytes = Cluster.encode(
    Cluster.fromPartial({ name: "bad", clusterDiscoveryType: { $case: "type", value: Cluster_DiscoveryType.EDS } }),
  );
  const bad = { type: "cluster", name: "bad", version: "1", bytes: packBytes(bytes.finish()) } as const;
  snapshot.apply([{ ...bad, clusters: [], sources: [] }]);
  await until(() => snapshot.quarantined().length, { what: "the refusal" });
  await gateway.restartControlPlane();
  gateway.apply(together(app("a", upstream), app("b", upstream)));
  await gateway.open();
  assert.equal((await gateway.get("b.test", "/")).status, 200);
});

test("a cluster that waits for endpoints which only the control plane before knew holds up nothing of the next one", async () => {
  await using upstream = await Upstream.start();
  await using gateway = await Gateway.start();
  gateway.apply(app("a", upstream));
  await gateway.open();

  // It dies between the cluster and its endpoints.
  gateway.apply(app("gone", upstream));
  gateway.controlPlane.translateNow();
  const { snapshot } = gateway.controlPlane;
  const [gone] = snapshot.names("cluster").filter((name) => name.includes("/gone/"));
  snapshot.apply([], [{ type: "endpoints", name: gone! }]);
  await until(() => gateway.admin("/config_dump?resource=dynamic_warming_clusters"), {
    accept: (dump) => dump.includes(gone!),
    what: "the cluster to wait",
  });
  await gateway.restartControlPlane();
  gateway.apply(together(app("a", upstream), app("b", upstream)));
  gateway.controlPlane.open();
  const statuses = new Set<number>();
  await until(() => gateway.get("b.test", "/"), {
    accept: ({ status }) => statuses.add(status) && status === 200,
    what: "what the next one brings",
  });
  assert.ok(!statuses.has(503), `its route comes before its cluster: ${[...statuses].join(", ")}`);
  await gateway.settled();
});
