import assert from "node:assert/strict";
import { test } from "node:test";
import { Metrics } from "./metrics.ts";
import { OBJECTS_SHOWN, type RefusedObject } from "./object-metrics.ts";

function create(): Metrics {
  return new Metrics({ version: "1.2.3", xdsTypes: ["cluster", "endpoints"] });
}

/** The sample lines of one metric, without help and type. */
async function lines(metrics: Metrics, name: string): Promise<readonly string[]> {
  const text = await metrics.text();
  return text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

function refused(count: number): RefusedObject[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "Ingress",
    namespace: "team-shop",
    name: `shop-${index}`,
    cause: "invalid",
    lastGoodAt: undefined,
  }));
}

const NO_OBJECTS = {
  kinds: () => [],
  refused: () => [],
  verdicts: () => [],
  problems: () => [],
  sizes: () => ({ hosts: 0, routes: 0, clusters: 0, endpoints: 0 }),
};

test("names keep the conventions: prefix, base units, _total on counters and only there", async () => {
  const text = await create().text();
  const own = [...text.matchAll(/^# TYPE (binnacle_\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => ({ name, type }));
  assert.ok(own.length >= 30, `only ${own.length} metrics`);
  for (const { name, type } of own) {
    assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
    assert.doesNotMatch(name, /milli|_ms$|minutes|percent|_kb|_mb/);
  }
  assert.match(text, /^process_cpu_seconds_total /m);
  assert.match(text, /^binnacle_build_info\{version="1\.2\.3",node_version="\d+\.\d+\.\d+"\} 1$/m);
});

test("before a part is there, its gauges say nothing rather than zero", async () => {
  const metrics = create();
  for (const name of [
    "binnacle_hosts",
    "binnacle_xds_clients",
    "binnacle_source_synced",
    "binnacle_access_log_lag_seconds",
  ])
    assert.deepEqual(await lines(metrics, name), []);
});

test("what goes takes its label sets with it", async () => {
  const metrics = create();
  let objects = refused(2);
  metrics.objects.connect({ ...NO_OBJECTS, refused: () => objects });
  assert.equal((await lines(metrics, "binnacle_object_refused")).length, 2);
  objects = [{ kind: "Ingress", namespace: "team-blog", name: "blog", cause: "nack", lastGoodAt: 1_500_000 }];
  assert.deepEqual(await lines(metrics, "binnacle_object_refused"), [
    'binnacle_object_refused{kind="Ingress",namespace="team-blog",name="blog",cause="nack"} 1',
  ]);
  assert.deepEqual(await lines(metrics, "binnacle_object_last_good_timestamp_seconds"), [
    'binnacle_object_last_good_timestamp_seconds{kind="Ingress",namespace="team-blog",name="blog"} 1500',
  ]);
  objects = [];
  assert.deepEqual(await lines(metrics, "binnacle_object_refused"), []);
});

test("a home in which everything is broken stays bounded, and counted", async () => {
  const metrics = create();
  metrics.objects.connect({
    ...NO_OBJECTS,
    kinds: () => [{ kind: "Ingress", valid: 1, refused: 3000 }],
    refused: () => refused(3000),
  });
  assert.equal((await lines(metrics, "binnacle_object_refused")).length, OBJECTS_SHOWN);
  assert.deepEqual(await lines(metrics, "binnacle_objects"), [
    'binnacle_objects{kind="Ingress",state="valid"} 1',
    'binnacle_objects{kind="Ingress",state="refused"} 3000',
  ]);
});

test("each xDS type counts from zero, so that increase() sees the first NACK", async () => {
  const metrics = create();
  assert.deepEqual(await lines(metrics, "binnacle_xds_nacks_total"), [
    'binnacle_xds_nacks_total{type="cluster"} 0',
    'binnacle_xds_nacks_total{type="endpoints"} 0',
  ]);
  metrics.xds.pushed("cluster", 120);
  metrics.xds.answered("cluster", "nack", 0.004);
  assert.deepEqual(await lines(metrics, "binnacle_xds_nacks_total"), [
    'binnacle_xds_nacks_total{type="cluster"} 1',
    'binnacle_xds_nacks_total{type="endpoints"} 0',
  ]);
  assert.ok(
    (await lines(metrics, "binnacle_xds_pushed_bytes_total")).includes(
      'binnacle_xds_pushed_bytes_total{type="cluster"} 120',
    ),
  );
  const text = await metrics.text();
  assert.match(text, /binnacle_xds_acknowledgement_duration_seconds_bucket\{le="0\.005",type="cluster"\} 1/);
});

test("an unanswered push is a time, and gone when it is answered", async () => {
  const metrics = create();
  const push = { node: "edge-1", type: "cluster", since: 1_700_000_000_500 };
  // The Envoy came back, and its stream before has yet to end.
  let since = [push, { ...push, since: push.since + 9000 }];
  metrics.xds.connect({ clients: () => 2, quarantined: () => ({ virtualHost: 1 }), unanswered: () => since });
  assert.deepEqual(await lines(metrics, "binnacle_xds_unanswered_push_timestamp_seconds"), [
    'binnacle_xds_unanswered_push_timestamp_seconds{envoy="edge-1",type="cluster"} 1700000000.5',
  ]);
  since = [];
  assert.deepEqual(await lines(metrics, "binnacle_xds_unanswered_push_timestamp_seconds"), []);
  assert.deepEqual(await lines(metrics, "binnacle_xds_clients"), ["binnacle_xds_clients 2"]);
});

test("totals that others count are shown as they stand", async () => {
  const metrics = create();
  let received = 10;
  metrics.traffic.connect({
    loggers: () => [{ logger: "failures", received, share: 1 }],
    dropped: () => 3,
    lag: () => undefined,
    sockets: () => 1,
    frames: () => 7,
    framesDropped: () => 0,
    failovers: () => [
      { upstream: { backend: "local", namespace: "team-shop", service: "cart", port: 80 }, failedOver: true },
      { upstream: { backend: "local", namespace: "team-shop", service: "pay", port: 80 }, failedOver: false },
    ],
    takenOver: () => [
      {
        upstream: { backend: "local", namespace: "team-shop", service: "cart", port: 80 },
        by: { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 },
        requests: 12,
      },
    ],
  });
  await metrics.text();
  received = 25;
  const name = "binnacle_access_log_entries_received_total";
  assert.deepEqual(await lines(metrics, name), [`${name}{logger="failures"} 25`]);
  assert.deepEqual(await lines(metrics, "binnacle_access_log_entries_dropped_total"), [
    "binnacle_access_log_entries_dropped_total 3",
  ]);
  assert.deepEqual(await lines(metrics, "binnacle_access_log_lag_seconds"), []);
  assert.deepEqual(await lines(metrics, "binnacle_upstream_failed_over"), [
    'binnacle_upstream_failed_over{backend="local",namespace="team-shop",service="cart",port="80"} 1',
    'binnacle_upstream_failed_over{backend="local",namespace="team-shop",service="pay",port="80"} 0',
  ]);
  const taken = "binnacle_upstream_taken_over_requests_total";
  assert.deepEqual(await lines(metrics, taken), [
    `${taken}{backend="local",namespace="team-shop",service="cart",port="80",by_backend="west",by_service="west-cart",by_port="80"} 12`,
  ]);
});

test("a client cannot make label values: unknown methods are one", async () => {
  const metrics = create();
  const route = "/api/v1/objects/:kind";
  metrics.api.answered({ route, method: "GET", code: 200, seconds: 0.01 });
  for (const method of ["PROPFIND", "MKCOL"]) metrics.api.answered({ route, method, code: 405, seconds: 0.01 });
  assert.deepEqual(await lines(metrics, "binnacle_api_requests_total"), [
    `binnacle_api_requests_total{route="${route}",method="GET",code="200"} 1`,
    `binnacle_api_requests_total{route="${route}",method="other",code="405"} 2`,
  ]);
});

test("children, sources and certificates are shown by name", async () => {
  const metrics = create();
  metrics.children.connect(() => [{ name: "envoy", state: "waiting", running: false, restarts: 4 }]);
  metrics.sources.connect(() => [{ backend: "local", state: "synced", syncedAt: 2000, errors: 1, warnings: 0 }]);
  metrics.certificates.connect(() => [{ namespace: "team-shop", name: "shop-tls", notAfter: 5_000, kept: "missing" }]);
  const text = await metrics.text();
  for (const line of [
    'binnacle_child_running{child="envoy"} 0',
    'binnacle_child_state{child="envoy",state="waiting"} 1',
    'binnacle_child_restarts_total{child="envoy"} 4',
    'binnacle_source_synced{backend="local"} 1',
    'binnacle_source_state{backend="local",state="synced"} 1',
    'binnacle_source_state{backend="local",state="failed"} 0',
    'binnacle_certificate_secret_unusable{namespace="team-shop",name="shop-tls",cause="missing"} 1',
    'binnacle_source_synced_timestamp_seconds{backend="local"} 2',
    'binnacle_source_problems{backend="local",severity="error"} 1',
    'binnacle_certificate_expiry_timestamp_seconds{namespace="team-shop",name="shop-tls"} 5',
  ])
    assert.ok(text.split("\n").includes(line), line);
});

test("work is counted as it is done", async () => {
  const metrics = create();
  metrics.objects.storeChanged("put", 3);
  metrics.objects.translated(0.002, { virtualHost: 1, cluster: 2 });
  metrics.xds.streamCut("slow");
  metrics.api.authFailed("origin");
  const text = await metrics.text();
  for (const line of [
    'binnacle_store_changes_total{change="put"} 3',
    'binnacle_store_changes_total{change="delete"} 0',
    'binnacle_translation_units_built_total{type="cluster"} 2',
    "binnacle_translation_duration_seconds_count 1",
    'binnacle_xds_streams_cut_total{reason="slow"} 1',
    'binnacle_api_auth_failures_total{reason="origin"} 1',
  ])
    assert.ok(text.split("\n").includes(line), line);
});

test("objects that do not work are told by name, with who has what they want; of too many the errors", async () => {
  const metrics = create();
  const identity = { kind: "Ingress", namespace: "team-blog", name: "blog" };
  const conflict = { host: "shop.test", holder: "Ingress team-shop/shop" };
  const warnings = Array.from({ length: OBJECTS_SHOWN }, (_, at) => ({
    ...identity,
    ...conflict,
    name: `a${at}`,
    severity: "warning" as const,
    reason: "PathTaken",
  }));
  metrics.objects.connect({
    ...NO_OBJECTS,
    problems: () => [...warnings, { ...identity, ...conflict, severity: "error", reason: "HostTaken" }],
  });
  const told = await lines(metrics, "binnacle_object_problem");
  assert.equal(told.length, OBJECTS_SHOWN);
  assert.equal(
    told[0],
    'binnacle_object_problem{kind="Ingress",namespace="team-blog",name="blog",severity="error",reason="HostTaken",host="shop.test",holder="Ingress team-shop/shop"} 1',
  );
});
