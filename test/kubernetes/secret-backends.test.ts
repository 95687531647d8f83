import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1EndpointSliceList } from "@kubernetes/client-node";
import { NoCache } from "#discovery/cache.ts";
import { silentLogger } from "#lib/log.ts";
import { ClusterSource } from "#sources/cluster/cluster-source.ts";
import { RecordingSink } from "#sources/recording-sink.ts";
import { discoverIntoCluster } from "../../src/main/cluster-discovery.ts";
import { openHomeCluster } from "../../src/main/home-cluster.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";

const SECRETS = "/api/v1/namespaces/binnacle-system/secrets";
const SHOP = { settings: "namespaces: {map: {shop: team-shop}}" };
const [CART, OTHER] = ["team-shop", "team-other"].map((team) => `/api/v1/namespaces/${team}/services/east-cart`);

function secret(name: string, stringData: Readonly<Record<string, string>>): Manifest {
  const metadata = { namespace: "binnacle-system", name, labels: { "binnacle.dev/backend": "true" } };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData };
}

test(
  "backends come, change and go as Secrets, without a restart; what is wrong with one is told",
  { timeout: 180_000 },
  async () => {
    await using parts = new AsyncDisposableStack();
    const [home, east] = (
      await Promise.all([KubeBox.start({ controllers: [] }), KubeBox.start({ controllers: [] })])
    ).map((box) => parts.use(box));
    assert.ok(home && east);
    for (const name of ["binnacle-system", "team-shop", "team-other"]) await createNamespace(home.admin, name);
    await createNamespace(east.admin, "shop");
    await east.admin.apply(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { namespace: "shop", name: "cart" },
        spec: { ports: [{ port: 80 }] },
      },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { namespace: "shop", name: "cart", labels: { "kubernetes.io/service-name": "cart" } },
        addressType: "IPv4",
        ports: [{ name: "", port: 8080 }],
        endpoints: [{ addresses: ["10.20.0.1"] }],
      },
    );

    const settings = { kubeconfig: await home.kubeconfigFile(), inCluster: false, writesPerSecond: 1000 };
    const cluster = await openHomeCluster(settings, () => {}, silentLogger, parts);
    const metrics = { begins: () => {}, synced: () => {}, failed: () => {}, requested: () => {} };
    const common = { refuse: () => undefined, metrics, log: silentLogger };
    const configured = [
      {
        name: "west",
        static: { services: [] },
        namespaces: NAMESPACES,
        createNamespaces: false,
        labels: [],
        annotations: [],
      },
    ];
    const sink = new RecordingSink();
    const gateways = { set: () => undefined };
    const discovery = await discoverIntoCluster(
      { configured, sink, cluster, cache: new NoCache(), gateways, common },
      parts,
    );
    const { inCluster } = discovery;
    assert.ok(inCluster);
    const source = new ClusterSource({
      client: cluster.client,
      sink,
      log: silentLogger,
      onRead: (...told) => inCluster.watcher.read?.(...told),
      onSynced: () => inCluster.watcher.synced?.(),
    });
    const stop = new AbortController();
    const run = source.run(stop.signal);
    parts.defer(async () => {
      stop.abort();
      await run;
    });
    cluster.stand([inCluster.duty]);
    await discovery.settled;

    const stateOf = (name: string) => discovery.states().find((state) => state.name === name);
    const tells = (name: string, words: RegExp) =>
      until(() => stateOf(name)?.detail, {
        accept: (text) => words.test(text ?? ""),
        what: `${name}: ${words.source}`,
      });
    const stands = (path = "") => until(() => home.admin.get(path), { what: path, timeoutMs: 30_000 });

    await home.admin.apply(secret("west", { kubeconfig: east.kubeconfig() }));
    await tells("west (Secret)", /binnacle\.yaml has a backend west/);
    const file = east.kubeconfig().replace(/certificate-authority-data: .*/, "certificate-authority: /etc/passwd");
    await home.admin.apply(secret("east", { kubeconfig: file, ...SHOP }));
    await tells("east (Secret)", /may not name files of this machine/);

    // A token that is not let in, and then one that is: the same backend, with new credentials.
    await home.admin.apply(secret("east", { kubeconfig: east.kubeconfig("wrong"), ...SHOP }));
    await tells("east", /Unauthorized/);
    assert.equal(stateOf("east (Secret)"), undefined);
    const [before] = discovery.backends();
    await home.admin.apply(secret("east", { kubeconfig: east.kubeconfig(), ...SHOP }));
    await stands(CART);
    assert.equal(discovery.backends()[0], before);

    // Other settings: what it has moves to another team.
    const moved = "namespaces: {map: {shop: team-other}}";
    await home.admin.apply(secret("east", { kubeconfig: east.kubeconfig(), settings: moved }));
    await stands(OTHER);
    await until(() => assert.rejects(home.admin.get(CART ?? ""), { code: 404 }).then(() => true), { what: "the move" });

    await home.admin.delete(`${SECRETS}/east`);
    const slices = "/apis/discovery.k8s.io/v1/namespaces/team-other/endpointslices";
    await until(() => home.admin.get<V1EndpointSliceList>(slices), {
      accept: ({ items }) => items[0]?.endpoints?.[0]?.conditions?.terminating === true,
      what: "its endpoints to drain",
    });
  },
);

const NAMESPACES = { allow: [], deny: [], map: {} };
