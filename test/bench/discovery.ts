import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "../kubernetes/support/access.ts";
import type { ApiClient, KubernetesObject } from "../kubernetes/support/api-client.ts";
import { KubeBox } from "../kubernetes/support/kubebox.ts";
import { mostResidentBytes } from "./process-cost.ts";
import { atMost, median, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";

const CLUSTERS = ["east", "west"] as const;
const SERVICES = 2000;
const ENDPOINTS = 5;
const TEAMS = 20;
const CHANGES = 30;
/** Milliseconds over which a control plane that has nothing to do is watched. */
const STILL = 20_000;
const BACKEND = "gimbal.projectcontour.io/backend";
const HOST = "watched.example.com";

/** Watches, the leader's Lease, and looking for kinds that the cluster does not have yet. */
const ALWAYS = /verb="watch"|resource="leases\.|verb="list".*code="404"/;

interface List {
  readonly items: readonly (KubernetesObject & { readonly endpoints?: readonly unknown[] })[];
  readonly metadata: { readonly remainingItemCount?: number };
}

/**
 * Discovery at size, with three real API servers on this machine: two clusters of 2,000 Services with five endpoints each
 * come into a third one that is the home. All of them have to stand there before a time is told.
 */
export async function run(report: Report): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const start = async () => stack.use(await KubeBox.start({ controllers: [] }));
  const [home, east, west] = await Promise.all([start(), start(), start()]);
  const upstreams = { east, west };
  const teams = Array.from({ length: TEAMS }, (_, team) => `team-${team}`);
  for (const { admin } of [home, east, west]) for (const team of teams) await createNamespace(admin, team);
  await createNamespace(home.admin, "binnacle-system");
  for (const [cluster, name] of CLUSTERS.entries()) {
    await inParallel(SERVICES, (index) => createService(upstreams[name].admin, cluster, index));
  }
  await home.admin.apply(watchedIngress());

  const began = performance.now();
  const settings = `sources: {cluster: {kubeconfig: ${await home.kubeconfigFile()}, writesPerSecond: 10000}}
backends:
  - {name: east, kubernetes: {kubeconfig: ${await east.kubeconfigFile()}}}
  - {name: west, kubernetes: {kubeconfig: ${await west.kubeconfigFile()}}}`;
  const appliance = stack.use(await RunningAppliance.start([], 80, { settings }));
  const wanted = CLUSTERS.length * SERVICES;
  await until(() => count(home.admin, "/apis/discovery.k8s.io/v1/endpointslices"), {
    accept: (slices) => slices >= wanted,
    what: `${wanted} EndpointSlices in the home`,
    timeoutMs: 300_000,
    intervalMs: 100,
  });
  const took = (performance.now() - began) / 1000;
  await isWhole(home.admin);
  report(atMost(`${CLUSTERS.length} x ${SERVICES} services with ${ENDPOINTS} endpoints, from nothing`, took, "s", 60));

  const settled = await requests(appliance);
  await setTimeout(STILL);
  const still = difference(await requests(appliance), settled);
  report(atMost("API calls while nothing happens, but for watches and the Lease", still.total, "calls", 0));
  const changes = await changeEndpoints(appliance, east.admin);
  const made = difference(await requests(appliance), settled);
  report(atMost("endpoint changed upstream until Envoy has it, median", median(changes), "ms", 200));
  report({ name: "the same, slowest", value: Math.max(...changes), unit: "ms" });
  report(atMost("API calls a change", (made.total - still.total) / CHANGES, "calls", 2));
  report(atMost("control plane, most resident", mostResidentBytes(appliance.controlPlanePid) / 2 ** 20, "MB", 500));
}

async function createService(api: ApiClient, cluster: number, index: number): Promise<void> {
  const namespace = `team-${index % TEAMS}`;
  const name = `svc-${index}`;
  await api.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name },
    spec: { clusterIP: "None", ports: [{ name: "http", port: 80 }] },
  });
  await api.create(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, slice(name, cluster, index, 0));
}

function slice(name: string, cluster: number, index: number, change: number): unknown {
  const address = (endpoint: number) => `10.${cluster * 100 + endpoint}.${index >> 8}.${index & 255}`;
  const addresses = Array.from({ length: ENDPOINTS }, (_, endpoint) => address(endpoint));
  if (change > 0) addresses[0] = changedAddress(change);
  return {
    metadata: { name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: addresses.map((each) => ({ addresses: [each] })),
  };
}

function changedAddress(change: number): string {
  return `10.250.0.${change}`;
}

/** The one route, so that Envoy has the endpoints of one Service. */
function watchedIngress() {
  const backend = { service: { name: "east-svc-0", port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace: "team-0", name: "watched" },
    spec: {
      ingressClassName: "binnacle",
      rules: [{ host: HOST, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}

/** Each change once the one before is with Envoy; milliseconds from the API server's answer on. */
async function changeEndpoints(appliance: RunningAppliance, api: ApiClient): Promise<readonly number[]> {
  const times: number[] = [];
  const admin = { socketPath: appliance.envoyAdmin() };
  for (let change = 1; change <= CHANGES; change++) {
    await api.patch("/apis/discovery.k8s.io/v1/namespaces/team-0/endpointslices/svc-0", slice("svc-0", 0, 0, change));
    const began = performance.now();
    await until(async () => (await httpGet(admin, "/clusters")).body.includes(`${changedAddress(change)}:8080`), {
      what: `change ${change} in Envoy`,
      intervalMs: 2,
    });
    times.push(performance.now() - began);
  }
  return times;
}

/** Every service of every cluster, with all its endpoints. */
async function isWhole(home: ApiClient): Promise<void> {
  for (const name of CLUSTERS) {
    const selector = `?labelSelector=${encodeURIComponent(`${BACKEND}=${name}`)}`;
    const services = await home.get<List>(`/api/v1/services${selector}`);
    const slices = await home.get<List>(`/apis/discovery.k8s.io/v1/endpointslices${selector}`);
    const endpoints = slices.items.reduce((sum, each) => sum + (each.endpoints?.length ?? 0), 0);
    assert.deepEqual([services.items.length, endpoints], [SERVICES, SERVICES * ENDPOINTS], name);
  }
}

async function count(api: ApiClient, path: string): Promise<number> {
  const { items, metadata } = await api.get<List>(`${path}?limit=1`);
  return items.length + (metadata.remainingItemCount ?? 0);
}

/** Requests to all platforms so far, by what they were, but for those that are always there: {@link ALWAYS}. */
async function requests(appliance: RunningAppliance): Promise<ReadonlyMap<string, number>> {
  const { url, token } = await appliance.api();
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  const found = (await answer.text()).matchAll(/^binnacle_platform_requests_total\{(.*)\} (\d+)$/gm);
  const of = [...found].map(([, labels = "", value]) => [labels, Number(value)] as const);
  assert.ok(of.length > 0, "requests are counted");
  return new Map(of.filter(([labels]) => !ALWAYS.test(labels)));
}

function difference(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>) {
  const more = [...now].map(([labels, value]) => value - (before.get(labels) ?? 0));
  return { total: more.reduce((sum, value) => sum + value, 0) };
}

/** A few at a time, as several people would. */
async function inParallel(times: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
