import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { KubernetesDiscoverer } from "#discovery/kubernetes/discoverer.ts";
import type { ObservedCall } from "#kubernetes/client.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import { silentLogger } from "#lib/log.ts";
import { kubeconfig } from "../kubernetes/support/kubeconfig.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Followed } from "./discovery/followed.ts";
import { Kubernetes17, oldEndpoints, oldService } from "./support/kubernetes-1.7.ts";

/** All that a cluster of 1.7 may be asked: its services and endpoints, and once whether it has anything newer. */
const ALLOWED = new Set([
  "GET /apis/discovery.k8s.io/v1",
  "GET /api/v1/services",
  "GET /api/v1/services watch",
  "GET /api/v1/endpoints",
  "GET /api/v1/endpoints watch",
]);

/** The cluster, followed by the real client over the network. */
async function followed(cluster: Kubernetes17, act: (followed: Followed, calls: ObservedCall[]) => Promise<void>) {
  await using home = await temporaryDirectory("old-cluster");
  const file = join(home.path, "kubeconfig");
  await writeFile(file, kubeconfig({ url: cluster.url, authority: "", token: "old" }));
  const calls: ObservedCall[] = [];
  using client = createKubeClient({
    connection: { type: "file", kubeconfig: file, context: undefined },
    observe: (call) => calls.push(call),
  });
  const discoverer = new KubernetesDiscoverer({
    client,
    teamOf: (namespace) => namespace,
    log: silentLogger,
    times: { gather: 1, inStep: 10_000, probe: 300_000, reflector: {} },
  });
  await using one = new Followed(discoverer);
  await act(one, calls);
}

suite("a cluster of Kubernetes 1.7", () => {
  test("its services are found with their Endpoints, and what changes is followed", async () => {
    await using cluster = await Kubernetes17.start();
    cluster.put("services", oldService("shop", "cart"));
    cluster.put("endpoints", oldEndpoints("shop", "cart", ["10.2.0.1", "10.2.0.2"], ["10.2.0.3"]));
    cluster.put("services", oldService("default", "kubernetes"));
    cluster.put("endpoints", oldEndpoints("default", "kubernetes", ["192.0.2.1"]));
    cluster.put("services", oldService("kube-system", "kube-dns"));
    // A component's leader election: Endpoints without a Service.
    cluster.put("endpoints", oldEndpoints("kube-system", "kube-scheduler", []));
    await followed(cluster, async (one, calls) => {
      await one.become("synced");
      assert.deepEqual(
        one.services.map(({ scope, service, ports }) => ({ scope, service, ports })),
        [{ scope: "shop", service: "cart", ports: [{ name: "http", port: 80, protocol: "TCP" }] }],
      );
      const [group] = one.services[0]?.endpoints ?? [];
      assert.deepEqual(group?.ports, [{ name: "http", protocol: "TCP", port: 8080 }]);
      assert.deepEqual(
        group.endpoints.map(({ address, ready }) => `${address} ${ready ? "ready" : "not ready"}`).sort(),
        ["10.2.0.1 ready", "10.2.0.2 ready", "10.2.0.3 not ready"],
      );

      cluster.put("endpoints", oldEndpoints("shop", "cart", ["10.2.0.4"]));
      await one.have({ cart: ["10.2.0.4"] });
      cluster.put("services", oldService("shop", "web"));
      cluster.put("endpoints", oldEndpoints("shop", "web", ["10.2.1.1"]));
      await one.have({ cart: ["10.2.0.4"], web: ["10.2.1.1"] });
      cluster.put("endpoints", oldEndpoints("shop", "web", []));
      await one.have({ cart: ["10.2.0.4"] });
      cluster.delete("services", "shop", "cart");
      await until(() => one.services.map(({ service }) => service).join(), {
        accept: (names) => names === "web",
        what: "the end of a service",
      });

      assert.deepEqual(
        cluster.asked.filter((request) => !ALLOWED.has(request)),
        [],
        "nothing that Kubernetes 1.7 does not have",
      );
      assert.equal(cluster.asked.filter((request) => request === "GET /apis/discovery.k8s.io/v1").length, 1);
      assert.deepEqual([...new Set(calls.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`))].sort(), [
        "get /apis 404",
        "list endpoints 200",
        "list services 200",
        "watch endpoints 200",
        "watch services 200",
      ]);
    });
  });

  test("what it forgot between two watches is found by listing anew", async () => {
    await using cluster = await Kubernetes17.start();
    for (const name of ["cart", "web"]) {
      cluster.put("services", oldService("shop", name));
      cluster.put("endpoints", oldEndpoints("shop", name, ["10.2.0.1"]));
    }
    await followed(cluster, async (one) => {
      await one.have({ cart: ["10.2.0.1"], web: ["10.2.0.1"] });
      cluster.compact(() => {
        cluster.delete("services", "shop", "web");
        cluster.put("endpoints", oldEndpoints("shop", "cart", ["10.2.0.9"]));
      });
      await one.have({ cart: ["10.2.0.9"] });
      assert.equal(one.services.length, 1);
      assert.deepEqual(
        cluster.asked.filter((request) => !ALLOWED.has(request)),
        [],
      );
    });
  });
});
