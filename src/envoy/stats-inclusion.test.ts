import assert from "node:assert/strict";
import { test } from "node:test";
import { STATS_INCLUSION, statsMatcher } from "./stats-inclusion.ts";

/** As Envoy reads the list: prefixes, and expressions that the whole name must match. */
function isKept(name: string): boolean {
  return STATS_INCLUSION.some((pattern) =>
    "prefix" in pattern ? name.startsWith(pattern.prefix) : new RegExp(`^(?:${pattern.regex})$`).test(name),
  );
}

test("what alerts, panels and the traffic room read is kept", () => {
  const names = [
    "server.live",
    "control_plane.connected_state",
    "cluster_manager.cds.update_rejected",
    "listener_manager.listener_create_failure",
    "access_logs.grpc_access_log.logs_dropped",
    "binnacle.requests",
    "cluster.local/team-shop/shop/80.upstream_rq_total",
    "cluster.local/team-shop/shop/80.membership_healthy",
    "cluster.local/team-shop/shop/80.outlier_detection.ejections_active",
    "cluster.local/team-shop/shop/80.circuit_breakers.default.rq_pending_open",
    "http.http.downstream_rq_2xx",
    "http.https.vhds.https.update_rejected",
    "listener.0.0.0.0_8443.ssl.connection_error",
    "listener.[__]_8443.downstream_cx_overflow",
    "listener.https.ssl.certificate.shop.example.com.expiration_unix_time_seconds",
    "tcp.postgres.downstream_cx_total",
    "udp.dns.downstream_sess_total",
  ];
  assert.deepEqual(
    names.filter((name) => !isKept(name)),
    [],
  );
});

test("what multiplies and nobody reads is not kept", () => {
  const names = [
    "cluster.local/team-shop/shop/80.external.upstream_rq_5xx",
    "cluster.local/team-shop/shop/80.retry.upstream_rq_5xx",
    "cluster.local/team-shop/shop/80.upstream_rq_503",
    "cluster.local/team-shop/shop/80.upstream_rq_5xx",
    "cluster.local/team-shop/shop/80.upstream_rq_time",
    "cluster.local/team-shop/shop/80.http2.streams_active",
    "cluster.local/team-shop/shop/80.circuit_breakers.high.rq_open",
    "cluster.local/team-shop/shop/80.upstream_cx_length_ms",
    "http.http.tracing.random_sampling",
    "http.http.downstream_cx_length_ms",
    "http.http.downstream_rq_time",
    "listener.0.0.0.0_8443.worker_0.downstream_cx_total",
    "listener.0.0.0.0_8443.ssl.ciphers.TLS_AES_128_GCM_SHA256",
    "dns_cache.x.host_added",
    "main_thread.watchdog_miss",
  ];
  assert.deepEqual(names.filter(isKept), []);
});

test("the matcher is an inclusion list in the words of Envoy's JSON", () => {
  const json = JSON.stringify(statsMatcher());
  assert.ok(json.startsWith('{"inclusion_list":{"patterns":[{"prefix":"access_logs.grpc_access_log."}'), json);
  assert.equal(json.split('{"safe_regex":{"regex":').length, 6);
});
