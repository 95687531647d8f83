import { once } from "node:events";
import { createServer } from "node:http";
import type { BackendMeasure } from "#monitoring/discovery-metrics.ts";
import { Metrics } from "#monitoring/metrics.ts";
import { XDS_TYPES } from "#xds/resource.ts";
import { listeningPort } from "../support/free-port.ts";

/** The control plane's own metrics with a value in every one, as a page that Prometheus can read. */
export async function sampleMetricsServer() {
  const metrics = sampleMetrics();
  const server = createServer((_request, response) => {
    work(metrics);
    metrics
      .text()
      .then((text) => response.setHeader("content-type", metrics.contentType).end(text))
      .catch((error: Error) => response.destroy(error));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: listeningPort(server), [Symbol.dispose]: () => server.close() };
}

function sampleMetrics(): Metrics {
  const metrics = new Metrics({ version: "0.0.0", xdsTypes: XDS_TYPES });
  const now = Date.now();
  const broken = { kind: "Ingress", namespace: "team-shop", name: "broken" };
  metrics.objects.connect({
    kinds: () => [{ kind: "Ingress", valid: 3, refused: 1 }],
    refused: () => [{ ...broken, cause: "invalid", lastGoodAt: now }],
    verdicts: () => [{ kind: "Ingress", namespace: "team-shop", severity: "error", reason: "HostTaken", count: 1 }],
    problems: () => [
      {
        kind: "Ingress",
        namespace: "team-shop",
        name: "shop",
        severity: "error",
        reason: "HostTaken",
        host: "blog.test",
        holder: "Ingress team-blog/blog",
      },
    ],
    sizes: () => ({ hosts: 2, routes: 3, clusters: 2, endpoints: 5 }),
  });
  metrics.xds.connect({
    clients: () => 1,
    quarantined: () => ({ virtualHost: 1 }),
    unanswered: () => [{ node: "edge-1", type: "cluster", since: now }],
  });
  metrics.discovery.begins("dc-east", ["unreachable"]);
  metrics.discovery.connect(() => [
    discovered("dc-east", "kubernetes", "team-shop"),
    discovered("os-west", "openstack", "team-blog"),
  ]);
  metrics.sources.connect(() =>
    ["local", "dc-east", "os-west"].map((backend) => ({
      backend,
      state: "synced" as const,
      syncedAt: now,
      errors: 1,
      warnings: 0,
    })),
  );
  metrics.homeCluster.connect({
    leads: () => true,
    hasLeader: () => true,
    writes: () => [{ what: "status", waiting: 1, oldest: now, results: { ok: 5, conflict: 1, error: 1 } }],
  });
  metrics.children.connect(() => [{ name: "envoy", state: "running", running: true, restarts: 1 }]);
  const failure = { kind: "challenge", since: now - 1e6 };
  metrics.acme.connect(() => [{ namespace: "team-blog", name: "blog-tls", issuedAt: now - 1e9, failure }]);
  metrics.acme.ordered("challenge");
  metrics.certificates.connect(() => [
    { namespace: "team-blog", name: "blog-tls", notAfter: now + 1e9, kept: "missing" },
  ]);
  metrics.traffic.connect({
    loggers: () => [{ logger: "failures", received: 5, share: 1 }],
    dropped: () => 0,
    lag: () => 0.2,
    sockets: () => 1,
    frames: () => 9,
    framesDropped: () => 0,
    failovers: () => [
      { upstream: { backend: "local", namespace: "team-shop", service: "cart", port: 80 }, failedOver: true },
    ],
    takenOver: () => [
      {
        upstream: { backend: "local", namespace: "team-shop", service: "cart", port: 80 },
        by: { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 },
        requests: 12,
      },
    ],
  });
  return metrics;
}

function discovered(backend: string, platform: string, namespace: string): BackendMeasure {
  const counts = { upstreamServices: 4, replicatedServices: 3, upstreamEndpoints: 9, replicatedEndpoints: 8 };
  return { backend, platform, waiting: 1, lagSeconds: 0.5, held: 2, namespaces: [{ namespace, ...counts }] };
}

/** A little of everything that is counted, so that rates and quantiles have something to show. */
function work(metrics: Metrics): void {
  metrics.objects.storeChanged("put");
  metrics.objects.translated(0.001, { virtualHost: 1 });
  metrics.xds.pushed("cluster", 100);
  metrics.xds.answered("cluster", "ack", 0.002);
  metrics.xds.streamCut("slow");
  metrics.discovery.synced("dc-east", 40);
  metrics.discovery.failed("dc-east", "unreachable");
  metrics.discovery.requested("dc-east", { verb: "list", resource: "services", code: 200, seconds: 0.03 });
  metrics.api.answered({ route: "/api/v1/status", method: "GET", code: 200, seconds: 0.001 });
}
