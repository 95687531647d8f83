import { once } from "node:events";
import { createServer } from "node:http";
import type { ApiOptions } from "#api/api.ts";
import type { BackendsView } from "#api/ports/backends.ts";
import type { TrafficView } from "#api/ports/traffic.ts";
import { defaultConfig } from "#config/load-config.ts";
import { entryFacts } from "#traffic/entry.ts";
import { entryForTests } from "#traffic/entry-for-tests.ts";
import type { SamplingState } from "#traffic/messages.ts";
import { rawRow } from "#traffic/raw-row.ts";
import { samplingFor } from "#traffic/sampling-for.ts";
import { SAMPLING } from "#traffic/sampling-for-tests.ts";
import { TrafficCore } from "#traffic/traffic-core.ts";
import { planChanges } from "../../../src/main/plan-changes.ts";
import { explainView } from "../../../src/views/explain.ts";
import { objectsView } from "../../../src/views/objects.ts";
import { listeningPort } from "./free-port.ts";
import { controlPlaneOf, kubeFeedOf } from "./served-objects.ts";

/** The two namespaces. Whatever is `OTHER`'s has its name in it, so that a test finds it wherever it turns up. */
export const OWN = "team-shop";
export const OTHER = "team-other";

const objects = (team: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${team}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ${team}}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: ${team}}
stringData: {password: hunter2}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${team}, namespace: ${team}}
spec:
  rules:
  - host: ${team}.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: gone, port: {number: 80}}}}]}
`;

/** What a team has of a backend behind a gateway, which is not its own. */
export const BEHIND_GATEWAY = `
apiVersion: v1
kind: Service
metadata: {name: east-web, namespace: ${OWN}, labels: {gimbal.projectcontour.io/backend: east}}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: east-web, namespace: ${OWN}, labels: {kubernetes.io/service-name: east-web}}
addressType: IPv4
ports: [{port: 80}]
endpoints: [{addresses: [192.0.2.80]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: east, namespace: ${OWN}}
spec:
  rules:
  - host: east.${OWN}.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: east-web, port: {number: 80}}}}]}
`;

/** Where what was started is handed to be ended: a test's context. */
interface Ends {
  after(end: () => Promise<void>): void;
}

/**
 * What the API shows, over the real views: objects, traffic, alerts and silences of both.
 *
 * @param more manifests besides
 */
export async function twoTeams(t: Ends, more = ""): Promise<Partial<ApiOptions>> {
  const controlPlane = controlPlaneOf([objects(OWN), objects(OTHER), more].join("---"));
  controlPlane.setGateway("east", {
    host: `${OTHER}.example`,
    port: 3128,
    protocol: "http1",
    version: "1f",
    socket: "/run/gateway.sock",
  });
  controlPlane.open();
  const { store, translator, snapshot } = controlPlane;
  return {
    objects: objectsView(store, translator, snapshot),
    backends: backendOfBoth(),
    explain: explainView(store, translator),
    diff: planChanges({ config: defaultConfig(""), ownAddresses: [], states: () => store.states(), now: Date.now }),
    kube: kubeFeedOf(controlPlane),
    traffic: trafficOfBoth(),
    monitoring: await monitoringOfBoth(t),
    appliance: {
      envoys: () => [
        {
          id: "edge-1",
          connected: true,
          address: `${OTHER}.example:1`,
          names: [`${OTHER}.example`],
          config: { state: "rejected", since: 0, message: `virtualHost http/${OTHER}.example: refused` },
        },
      ],
      sources: () => [{ name: "directory", state: "stale", detail: `cannot read ${OTHER}/routes.yaml` }],
      children: () => [],
    },
  };
}

function backendOfBoth(): BackendsView {
  const problem = { severity: "warning", path: "", message: `Service ${OTHER}/web cannot be read` } as const;
  return {
    list: () => [
      {
        name: "east",
        platform: "kubernetes",
        state: "stale",
        since: 0,
        failure: { kind: "forbidden", message: `list services of ${OTHER}: 403` },
        waiting: 0,
        problems: [problem],
      },
    ],
    services: () =>
      [OWN, OTHER].map((team) => ({
        backend: "east",
        scope: team,
        service: "web",
        namespace: team,
        name: "east-web",
        state: "held",
        isUpstream: true,
        upstreamEndpoints: 0,
        endpoints: 1,
        problems: [],
      })),
    routes: () =>
      [OWN, OTHER].map((team) => ({
        owner: { kind: "Ingress", namespace: team, name: team },
        host: `${team}.example`,
        route: "prefix /",
        services: [{ namespace: team, name: "east-web", port: 80, share: 1, endpoints: 1 }],
        remaining: 0,
      })),
    hindrance: () => undefined,
    confirm: () => 2,
    remove: () => 0,
    restore: () => Promise.resolve(),
  };
}

function trafficOfBoth(): TrafficView {
  const sampling: SamplingState = { ...SAMPLING, envoys: [{ id: "edge-1", reachable: true }] };
  const core = new TrafficCore({
    retention: 900_000,
    retentionBytes: 10_000_000,
    now: Date.now,
    sampling: () => sampling,
    onPins: () => {},
    later: (turn) => turn(),
  });
  const now = Date.now();
  const routeOf = (team: string): string => `${team}.example/Ingress/${team}/${team}/prefix /`;
  const count = (value: number, from: number, to: number): void => {
    const changed = [OWN, OTHER].map(
      (team) => [`binnacle.requests.request.200 - local/${team}/web/80 http ${routeOf(team)}`, value] as const,
    );
    core.applyCounters({ envoy: "edge-1", changed, gone: [], restarted: false }, from, to);
  };
  count(0, now - 2000, now - 1000);
  count(7, now - 1000, now);
  const rows = [OWN, OTHER].map((team, index) => {
    const entry = entryForTests({
      start: now - 20,
      route: routeOf(team),
      host: `${team}.example`,
      authority: `${team}.example`,
      path: `/${team}`,
      cluster: `local/${team}/web/80`,
      client: `192.0.2.${index + 1}`,
      requestId: team,
    });
    return rawRow(entry, entryFacts(entry), { envoy: "edge-1", kept: "sample", weight: 1, keepQueryValues: false });
  });
  const received = { failures: 0, sample: rows.length };
  core.applyBatch({ received, malformed: 0, dropped: 0, newest: now, flows: [], endpoints: [], gateways: [], rows });
  for (const team of [OWN, OTHER]) {
    const object = { kind: "Ingress", namespace: team, name: team };
    core.mark({ kind: "push", severity: "info", text: `Ingress/${team}/${team} changed`, object, time: now });
    core.pin({ host: `${team}.example` }, 300, new Set([team]));
  }
  core.tick();
  return {
    open: (client) => core.open(client),
    snapshot: (query, scope) => core.snapshot(query, scope),
    history: (query, scope) => core.history(query, scope),
    sampling: (scope) => samplingFor(sampling, scope),
    markers: (scope) => core.markers(scope),
    pins: (scope) => core.pins(scope),
    pin: (target, seconds, scope) => core.pin(target, seconds, scope),
    unpin: (id, scope) => core.unpin(id, scope),
  };
}

/** Answers as Prometheus and Alertmanager do, as far as the API asks them. */
async function monitoringOfBoth(t: Ends): Promise<NonNullable<ApiOptions["monitoring"]>> {
  const time = new Date().toISOString();
  const alert = (team: string): object => ({
    fingerprint: team,
    labels: { alertname: "Slow", severity: "warning", namespace: team },
    annotations: { summary: `${team} is slow` },
    startsAt: time,
    updatedAt: time,
    status: { state: "active", silencedBy: [], inhibitedBy: [] },
  });
  const silence = (team: string): object => ({
    id: `silence-of-${team}`,
    matchers: [{ name: "namespace", value: team, isRegex: false, isEqual: true }],
    startsAt: time,
    endsAt: time,
    createdBy: team,
    comment: team,
    status: { state: "active" },
  });
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    response.setHeader("content-type", "application/json");
    const team = /^\/api\/v2\/silence\/silence-of-(.+)$/.exec(path)?.[1];
    if (team !== undefined) response.end(JSON.stringify(silence(team)));
    else if (request.method === "POST") response.end('{"silenceID":"new"}');
    else response.end(JSON.stringify([OWN, OTHER].map(path.startsWith("/api/v2/alerts") ? alert : silence)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const url = (): URL => new URL(`http://127.0.0.1:${listeningPort(server)}/`);
  return { prometheus: { url }, alertmanager: { url } };
}
