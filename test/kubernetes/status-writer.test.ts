import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";
import { ADDRESS, StatusLeader, WRONG } from "./support/status-leader.ts";

const PROBLEMS = "binnacle.dev/problems";
const path = (name: string): string => `/apis/networking.k8s.io/v1/namespaces/shop/ingresses/${name}`;

function ingress(name: string, ingressClassName = "binnacle"): Manifest {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace: "shop", name },
    spec: { ingressClassName, rules: [{ host: `${name}.example`, http: { paths } }] },
  };
}

interface Shown {
  readonly metadata: { readonly annotations?: Record<string, string>; readonly resourceVersion: string };
  readonly status: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
}

suite("status in a real API", { timeout: 240_000 }, () => {
  test("addresses and problems come, change and go; nothing is written twice, and the object has not changed", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply(ingress("web"), ingress("foreign", "nginx"));
    await using proxy = await FaultyProxy.start(box);
    await using leader = new StatusLeader(proxy.kubeconfig(box.token("cluster-admin")));
    leader.problems = [WRONG];
    const shown = (name = "web") => box.admin.get<Shown>(path(name));
    const shows = (problems: string | undefined, addresses: readonly object[] | undefined) =>
      until(() => shown(), {
        accept: ({ metadata, status }) =>
          metadata.annotations?.[PROBLEMS] === problems &&
          JSON.stringify(status.loadBalancer?.ingress) === JSON.stringify(addresses),
        what: `${problems} and ${JSON.stringify(addresses)}`,
      });
    await shows("error ServiceNotFound: there is no Service web", [ADDRESS]);
    await leader.settled();
    assert.deepEqual(leader.writes, { ok: 1, conflict: 0, error: 0 });
    assert.equal(JSON.stringify(leader.sink.objects.get("Ingress shop/web")).includes(PROBLEMS), false);

    leader.problems = [];
    leader.writer.judgedAll();
    await shows(undefined, [ADDRESS]);
    // Somebody else writes it, and it is put right.
    await box.admin.patch(`${path("web")}/status`, { status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } } });
    await shows(undefined, [ADDRESS]);
    await leader.settled();
    assert.equal(leader.writes.ok, 3);

    // The class changes: what was ours goes, and of another's nothing is touched.
    const { resourceVersion } = (await shown("foreign")).metadata;
    await box.admin.patch(path("web"), { spec: { ingressClassName: "nginx" } });
    await shows(undefined, undefined);
    assert.equal((await shown("foreign")).metadata.resourceVersion, resourceVersion);
    await leader.settled();
    assert.ok(
      proxy.calls.every(({ method, path }) => method === "GET" || (method === "PATCH" && path.endsWith("/status"))),
    );
  });

  test("a write over a state that is no longer meets a conflict, and is made over the newer one", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    await box.admin.apply(ingress("web"));
    await using proxy = await FaultyProxy.start(box);
    await using leader = new StatusLeader(proxy.kubeconfig(box.token("cluster-admin")));
    await leader.settled();
    proxy.muteWatches();
    await box.admin.patch(path("web"), { metadata: { labels: { changed: "yes" } } });
    leader.problems = [WRONG];
    leader.writer.judgedAll();
    await until(() => leader.writes.ok === 2, { what: "the second write" });
    assert.equal(leader.writes.conflict, 1);
  });

  test("two leaders at once want the same: each object is written once or meets a conflict, and then there is rest", async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    const names = Array.from({ length: 50 }, (_, index) => `web-${index}`);
    await box.admin.apply(...names.map((name) => ingress(name)));
    await using proxy = await FaultyProxy.start(box);
    const kubeconfig = proxy.kubeconfig(box.token("cluster-admin"));
    await using one = new StatusLeader(kubeconfig);
    await using two = new StatusLeader(kubeconfig);
    const isSettled = (): boolean =>
      one.writes.ok + two.writes.ok === 50 && one.writer.state().waiting + two.writer.state().waiting === 0;
    await until(isSettled, { what: "all statuses", timeoutMs: 60_000 });
    for (const leader of [one, two]) leader.writer.judgedAll();
    await until(isSettled, { what: "rest" });
    const patches = proxy.calls.filter(({ method }) => method === "PATCH").length;
    assert.ok(patches <= 100, `${patches} writes of 50 statuses`);
  });

  test("3,000 statuses settle", async (t) => {
    await using box = await KubeBox.start({ controllers: [] });
    await createNamespace(box.admin, "shop");
    const names = Array.from({ length: 3000 }, (_, index) => `web-${index}`);
    for (let at = 0; at < names.length; at += 100) {
      await Promise.all(
        names.slice(at, at + 100).map((name) => box.admin.create(path(""), ingress(name)).then(() => undefined)),
      );
    }
    const started = performance.now();
    await using leader = new StatusLeader(box.kubeconfig(box.token("cluster-admin")));
    await until(() => leader.writes.ok === 3000, { what: "3,000 writes", timeoutMs: 120_000, intervalMs: 100 });
    await leader.settled();
    t.diagnostic(`3,000 statuses in ${((performance.now() - started) / 1000).toFixed(1)} s, with their listing`);
    const { items } = await box.admin.get<{ items: Shown[] }>("/apis/networking.k8s.io/v1/ingresses");
    assert.ok(items.every(({ status }) => status.loadBalancer?.ingress?.length === 1));
    assert.deepEqual(leader.writes, { ok: 3000, conflict: 0, error: 0 });
  });
});
