import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { type BackendMeasure, DiscoveryMetrics } from "./discovery-metrics.ts";

function create() {
  const registry = new Registry();
  const metrics = new DiscoveryMetrics(registry);
  const lines = async (name: string): Promise<readonly string[]> => {
    const text = await registry.metrics();
    return text.split("\n").filter((line) => line.startsWith(`${name}{`) && !line.startsWith("#"));
  };
  return { metrics, lines };
}

const EAST: BackendMeasure = {
  backend: "east",
  platform: "kubernetes",
  waiting: 3,
  lagSeconds: 1.5,
  held: 11,
  namespaces: [
    {
      namespace: "team-shop",
      upstreamServices: 12,
      replicatedServices: 11,
      upstreamEndpoints: 40,
      replicatedEndpoints: 36,
    },
  ],
};

test("what stands is read at each scrape, and goes with its backend", async () => {
  const { metrics, lines } = create();
  let measures: readonly BackendMeasure[] = [EAST];
  metrics.connect(() => measures);
  for (const line of [
    'binnacle_discovery_backend_info{backend="east",platform="kubernetes"} 1',
    'binnacle_discovery_lag_seconds{backend="east"} 1.5',
    'binnacle_discovery_waiting_services{backend="east"} 3',
    'binnacle_discovery_held_services{backend="east"} 11',
    'binnacle_discovery_upstream_services{backend="east",namespace="team-shop"} 12',
    'binnacle_discovery_replicated_services{backend="east",namespace="team-shop"} 11',
    'binnacle_discovery_upstream_endpoints{backend="east",namespace="team-shop"} 40',
    'binnacle_discovery_replicated_endpoints{backend="east",namespace="team-shop"} 36',
  ])
    assert.deepEqual(await lines(line.slice(0, line.indexOf("{"))), [line]);
  measures = [];
  assert.deepEqual(await lines("binnacle_discovery_backend_info"), []);
  assert.deepEqual(await lines("binnacle_discovery_upstream_services"), []);
});

test("each kind of failure counts from zero, so that increase() sees the first", async () => {
  const { metrics, lines } = create();
  metrics.begins("east", ["unreachable", "credentials"]);
  metrics.failed("east", "credentials");
  assert.deepEqual(await lines("binnacle_discovery_errors_total"), [
    'binnacle_discovery_errors_total{backend="east",kind="unreachable"} 0',
    'binnacle_discovery_errors_total{backend="east",kind="credentials"} 1',
  ]);
});

test("times are seconds", async () => {
  const { metrics, lines } = create();
  metrics.synced("east", 2500);
  metrics.requested("east", { verb: "list", resource: "services", code: 200, seconds: 0.2 });
  metrics.requested("east", { verb: "list", resource: "services", code: 0, seconds: 5 });
  assert.deepEqual(await lines("binnacle_discovery_sync_duration_seconds_sum"), [
    'binnacle_discovery_sync_duration_seconds_sum{backend="east"} 2.5',
  ]);
  assert.deepEqual(await lines("binnacle_platform_requests_total"), [
    'binnacle_platform_requests_total{backend="east",verb="list",resource="services",code="200"} 1',
    'binnacle_platform_requests_total{backend="east",verb="list",resource="services",code="0"} 1',
  ]);
  assert.deepEqual(await lines("binnacle_platform_request_duration_seconds_sum"), [
    'binnacle_platform_request_duration_seconds_sum{backend="east",verb="list",resource="services"} 5.2',
  ]);
});
