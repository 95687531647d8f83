import assert from "node:assert/strict";
import type { V1Deployment, V1Lease, V1Pod } from "@kubernetes/client-node";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { loadAll } from "js-yaml";
import { killControlPlane } from "../image/support/kill-control-plane.ts";
import { unpackImage } from "../image/support/unpacked-image.ts";
import { httpGet } from "../integration/support/http-get.ts";
import { SteadyLoad } from "../integration/support/steady-load.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { createNamespace } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";
import { claimPodSubnet } from "./support/pod-network.ts";
import { PodRuntime } from "./support/pod-runtime.ts";
import { PodStandIn } from "./support/pod-stand-in.ts";
import { ServiceLoad } from "./support/service-load.ts";

const FOLDER = resolve(import.meta.dirname, "../../appliance/kubernetes");
const HOME = "/apis/apps/v1/namespaces/binnacle-system";
const PODS = "/api/v1/namespaces/binnacle-system/pods";
const LEASE = "/apis/coordination.k8s.io/v1/namespaces/binnacle-system/leases/binnacle";
const HOST = "shop.example";

/** A Pod of the Deployment, and what runs in it. */
interface Running {
  readonly name: string;
  readonly ip: string;
  readonly runtime: PodRuntime;
}

test(
  "the Deployment: two Pods of the image, one leads, both serve; whichever way the leader ends, no request is lost",
  { timeout: 420_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const [pods, outside] = [stack.use(await claimPodSubnet()), stack.use(await claimPodSubnet())];
    const [image, home] = await Promise.all([unpackImage(), KubeBox.start({ address: `${pods.prefix}.250` })]);
    stack.use(image);
    const { admin } = stack.use(home);
    const [first, second] = [`${outside.prefix}.2`, `${outside.prefix}.3`];
    for (const host of [first, second])
      stack.use(await Upstream.start({ host, port: 8080, respond: () => ({ body: host }) }));

    await admin.apply(...(await manifests("control-plane-rbac.yaml")));
    await createNamespace(admin, "shop");
    await admin.apply(...shop(first));
    const running = new Map<string, Running>();
    const standIn = await PodStandIn.start(admin, {
      prefix: pods.prefix,
      run: async ({ namespace, name, ip }, pod) => {
        const report = (ready: boolean): void => void standIn.setReady(namespace, name, ready).catch(() => undefined);
        const runtime = await PodRuntime.start({ api: admin, apiUrl: home.url, image, pod, ip, report });
        running.set(name, { name, ip, runtime });
        return runtime;
      },
    });
    stack.use(standIn);
    const started = performance.now();
    await admin.apply(...(await manifests("control-plane.yaml")));
    const bothReady = async (): Promise<boolean> => {
      const { items } = await admin.get<{ items: V1Pod[] }>(PODS);
      const { status } = await admin.get<V1Deployment>(`${HOME}/deployments/control-plane`);
      return status?.readyReplicas === 2 && items.length === 2;
    };
    await until(bothReady, { timeoutMs: 120_000, what: "two ready replicas" });
    t.diagnostic(`two replicas ready after ${seconds(started)}`);

    const holder = async (): Promise<string> => (await admin.get<V1Lease>(LEASE)).spec?.holderIdentity ?? "";
    const leads = (identity: string): Running | undefined =>
      [...running.values()].find(({ name }) => identity.startsWith(`${name}-`));
    /** The identity of whoever has the Lease after `former`: without preStop within the 15 seconds for which it is given. */
    const next = async (former: string): Promise<string> => {
      const accept = (identity: string): boolean => identity !== "" && identity !== former;
      const identity = await until(holder, { accept, timeoutMs: 30_000, what: "another leader" });
      t.diagnostic(`${leads(identity)?.name} leads`);
      return identity;
    };
    let identity = await next("");
    const answers = async (body: string): Promise<void> => {
      for (const { ip, runtime } of running.values()) {
        const ask = async (): Promise<string> => (await httpGet({ address: ip, port: 8080 }, "/", { host: HOST })).body;
        await until(ask, { accept: (answer) => answer === body, what: `${body} by ${ip}`, timeoutMs: 60_000 }).catch(
          (cause: unknown) => {
            throw new Error(runtime.output, { cause });
          },
        );
      }
    };
    await answers(first);
    const status = async (): Promise<string> => JSON.stringify(await admin.get(INGRESS));
    await until(status, {
      accept: (text) => text.includes('"lb.example"'),
      what: "the Ingress's status",
      timeoutMs: 60_000,
    });

    await t.test("its control plane is killed: its Envoy serves on in the same container", async () => {
      await using loads = new AsyncDisposableStack();
      const load = [...running.values()].map(({ ip }) =>
        loads.use(new SteadyLoad({ address: ip, port: 8080, host: HOST, connections: 1 })),
      );
      const leader = leads(identity);
      assert.ok(leader);
      const killed = performance.now();
      await killControlPlane(leader.runtime.container);
      identity = await next(identity);
      t.diagnostic(`the next leader after ${seconds(killed)}`);
      await until(() => leader.runtime.output.includes("Envoy was running already"), {
        what: "another control plane",
        timeoutMs: 60_000,
      }).catch((cause: unknown) => {
        throw new Error(leader.runtime.output, { cause });
      });
      await admin.apply(...shop(second));
      await answers(second);
      for (const steady of load) assertAll200(await steady.end());
      assert.equal(leader.runtime.restarts, 0);
    });

    await t.test("its Pod is deleted: it drains, and the Deployment makes another", async () => {
      await until(bothReady, { timeoutMs: 60_000, what: "two ready replicas" });
      const service = { namespace: "binnacle-system", service: "binnacle", port: "http" };
      await using load = new ServiceLoad({ api: admin, ...service, host: HOST, lagMs: 3000 });
      await until(() => load.requests > 50, { what: "traffic" });
      const leader = leads(identity);
      assert.ok(leader);
      await admin.delete(`${PODS}/${leader.name}`);
      const deleted = performance.now();
      identity = await next(identity);
      t.diagnostic(`the next leader after ${seconds(deleted)}`);
      const isGone = async (): Promise<boolean> =>
        !(await admin.get<{ items: V1Pod[] }>(PODS)).items.some(({ metadata }) => metadata?.name === leader.name);
      await until(isGone, { timeoutMs: 90_000, what: "the Pod's end" });
      running.delete(leader.name);
      await until(bothReady, { timeoutMs: 120_000, what: "two ready replicas" });
      await admin.apply(...shop(first));
      await answers(first);
      assert.match(leader.runtime.output, /\bstopped\s*$/);
      assertAll200(await load.end());
    });

    await t.test(
      "its container is killed: the other Pod serves on and leads, and the container comes back",
      async () => {
        const leader = leads(identity);
        const other = [...running.values()].find((one) => one !== leader);
        assert.ok(leader && other);
        await using load = new SteadyLoad({ address: other.ip, port: 8080, host: HOST, connections: 1 });
        const killed = performance.now();
        await leader.runtime.container.kill("SIGKILL");
        identity = await next(identity);
        t.diagnostic(`the next leader after ${seconds(killed)}`);
        await until(() => leader.runtime.restarts === 1 && leader.runtime.ready, {
          timeoutMs: 90_000,
          what: "a restart",
        });
        await until(bothReady, { timeoutMs: 60_000, what: "two ready replicas" });
        await admin.apply(...shop(second));
        await answers(second);
        assertAll200(await load.end());
      },
    );
  },
);

function assertAll200(tally: Readonly<Record<string, number>>): void {
  assert.deepEqual(Object.keys(tally), ["200"], JSON.stringify(tally));
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** As they lie there, with the address that a user fills in. */
async function manifests(name: string): Promise<readonly Manifest[]> {
  const text = await readFile(resolve(FOLDER, name), "utf8");
  return loadAll(text.replace("addresses: []", "addresses: [lb.example]")) as Manifest[];
}

const INGRESS = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web";

/** A team's route, and its Service with one endpoint. */
function shop(endpoint: string): readonly Manifest[] {
  const metadata = { namespace: "shop", name: "web" };
  const backend = { service: { name: "web", port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ name: "", port: 8080 }],
      endpoints: [{ addresses: [endpoint] }],
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata,
      spec: { ingressClassName: "binnacle", rules: [{ host: HOST, http: { paths } }] },
    },
  ];
}
