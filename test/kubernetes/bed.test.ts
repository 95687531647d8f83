import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { V1Endpoint, V1EndpointSlice } from "@kubernetes/client-node";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { createNamespace, grant, serviceAccountToken, withdraw } from "./support/access.ts";
import type { ApiClient } from "./support/api-client.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";
import { PodStandIn } from "./support/pod-stand-in.ts";
import { deployment, service } from "./support/workload.ts";

const WEB = { namespace: "team-shop", name: "web" };
const SERVICES = "/api/v1/namespaces/team-shop/services";

suite("the test bed", { timeout: 240_000 }, () => {
  test("clusters side by side have nothing in common", async () => {
    await using clusters = new AsyncDisposableStack();
    const [east, west] = (await Promise.all([KubeBox.start(), KubeBox.start()])).map((box) => clusters.use(box));
    assert.ok(east && west);
    await createNamespace(east.admin, "team-shop");
    await assert.rejects(west.admin.get("/api/v1/namespaces/team-shop"), { code: 404 });
    using stranger = east.withToken(west.token("cluster-admin"));
    await assert.rejects(stranger.get("/api/v1/namespaces"), { code: 401 });
  });

  test("a user may do what was granted, until it is withdrawn; a service account's token works", async () => {
    await using box = await KubeBox.start({ users: { sue: ["team-shop"] } });
    await createNamespace(box.admin, "team-shop");
    const sue = box.as("sue");
    await assert.rejects(sue.get(SERVICES), { code: 403, reason: "Forbidden" });
    const rules = [{ resources: ["services"], verbs: ["list"] }];
    await grant(box.admin, "readers", { to: { group: "team-shop" }, rules, namespace: "team-shop" });
    await grant(box.admin, "readers", { to: { serviceAccount: "team-shop/robot" }, rules });
    await until(() => sue.get(SERVICES), { what: "sue to be allowed" });
    await assert.rejects(sue.get("/api/v1/services"), { code: 403 });
    const robot = box.withToken(await serviceAccountToken(box.admin, "team-shop", "robot"));
    await until(() => robot.get("/api/v1/services"), { what: "the service account to be allowed" });
    await withdraw(box.admin, "readers", "team-shop");
    await until(() => assert.rejects(sue.get(SERVICES), { code: 403 }).then(() => true), { what: "an end of it" });
  });

  test("a Deployment becomes ready endpoints, and follows its scale; Pods get traffic", async () => {
    await using box = await KubeBox.start();
    await using subnet = await claimPodSubnet();
    const run = ({ name, ip }: { name: string; ip: string }) =>
      Upstream.start({ host: ip, port: 8080, respond: () => ({ body: name }) });
    await using pods = await PodStandIn.start(box.admin, { prefix: subnet.prefix, run });
    await createNamespace(box.admin, "team-shop");
    await box.admin.apply(deployment({ ...WEB, replicas: 2 }), service(WEB));

    const two = await endpointsBecome(box.admin, ({ length }) => length === 2);
    assert.ok(two.every(({ conditions }) => conditions?.ready === true));
    const { address, podName } = described(two[0]);
    assert.equal((await httpGet({ address, port: 8080 }, "/")).body, podName);

    await pods.setReady("team-shop", podName, false);
    await endpointsBecome(box.admin, (all) => all.some(({ conditions }) => conditions?.ready === false));
    pods.holdEnds();
    await box.admin.apply(deployment({ ...WEB, replicas: 0 }));
    await endpointsBecome(
      box.admin,
      (all) => all.length === 2 && all.every(({ conditions }) => conditions?.terminating === true),
    );
    pods.releaseEnds();
    await endpointsBecome(box.admin, ({ length }) => length === 0);
  });

  test("killed, it comes back at its address with its data, its tokens and its controllers", async () => {
    await using box = await KubeBox.start();
    await using _pods = await PodStandIn.start(box.admin);
    await createNamespace(box.admin, "team-shop");
    await box.admin.apply(deployment(WEB), service(WEB));
    const [before] = await endpointsBecome(box.admin, ({ length }) => length === 1);
    await box.kill();
    await assert.rejects(box.admin.get(SERVICES), { code: "ECONNREFUSED" });
    await box.restart();
    const [after] = await endpointsBecome(box.admin, ({ length }) => length === 1);
    assert.equal(described(after).address, described(before).address);
    await box.admin.apply(deployment({ ...WEB, replicas: 3 }));
    await endpointsBecome(box.admin, ({ length }) => length === 3);
  });

  test("the proxy shows the faults that are asked of it, and counts the calls", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using proxy = await FaultyProxy.start(box);
    using client = proxy.client(box.token("cluster-admin"));
    await createNamespace(client, "team-shop");

    proxy.fault = ({ path }) => (path === SERVICES ? { status: 429, headers: { "retry-after": "1" } } : undefined);
    await assert.rejects(client.get(SERVICES), { code: 429 });
    proxy.fault = () => "break";
    await assert.rejects(client.get(SERVICES), { code: "ECONNRESET" });
    proxy.fault = () => undefined;

    const version = (await client.get<{ metadata: { resourceVersion: string } }>(SERVICES)).metadata.resourceVersion;
    const events = client.watch(SERVICES, version, AbortSignal.timeout(60_000));
    const first = events.next();
    await until(() => proxy.openWatches.length === 1, {
      what: "the watch",
      event: { emitter: proxy.events, name: "watch" },
    });
    await client.apply(service(WEB));
    assert.equal((await first).value?.type, "ADDED");
    proxy.failWatches(410, "Expired");
    const { value } = await events.next();
    assert.partialDeepStrictEqual(value, { type: "ERROR", object: { code: 410 } });
    assert.equal((await events.next()).done, true);

    await proxy.down();
    await assert.rejects(client.get(SERVICES), /ECONN|socket hang up/);
    assert.ok(await box.admin.get(SERVICES), "only the proxy's clients have lost it");
    await proxy.up();
    await client.get(SERVICES);
    assert.equal(proxy.calls.filter(({ isWatch }) => isWatch).length, 1);
  });
});

type Endpoints = readonly V1Endpoint[];

/** The endpoints of the Service `web` when they are as wanted. */
function endpointsBecome(api: ApiClient, accept: (endpoints: Endpoints) => boolean): Promise<Endpoints> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/team-shop/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb`;
  return until(
    async () => (await api.get<{ items: V1EndpointSlice[] }>(path)).items.flatMap(({ endpoints }) => endpoints ?? []),
    { accept, what: "the endpoints", timeoutMs: 60_000 },
  );
}

function described(endpoint: V1Endpoint | undefined): { address: string; podName: string } {
  return { address: endpoint?.addresses[0] ?? "", podName: endpoint?.targetRef?.name ?? "" };
}
