import assert from "node:assert/strict";
import { test } from "node:test";
import { countersFilter, parseStreamCounter } from "./stream-counter.ts";

for (const [name, expected] of [
  ["tcp.db.downstream_cx_total", { of: "tcp", name: "db", amount: "connections" }],
  ["tcp.db.downstream_cx_rx_bytes_total", { of: "tcp", name: "db", amount: "bytesIn" }],
  ["udp.dns.downstream_sess_tx_bytes", { of: "udp", name: "dns", amount: "bytesOut" }],
  ["udp.dns.downstream_sess_no_route", { of: "udp", name: "dns", amount: "failed" }],
  [
    "cluster.local/team/db/5432.upstream_cx_connect_fail",
    { of: "cluster", name: "local/team/db/5432", amount: "failed" },
  ],
  ["tcp.db.upstream_flush_total", undefined],
  ["udp.dns.downstream_cx_total", undefined],
  ["cluster.local/team/db/5432.upstream_cx_total", undefined],
  ["access_logs.grpc_access_log.logs_dropped", undefined],
  ["tcp.constructor", undefined],
  ["tcp.db.constructor", undefined],
] as const) {
  test(`${name} counts ${expected === undefined ? "nothing" : expected.amount}`, () => {
    assert.deepEqual(parseStreamCounter(name), expected);
  });
}

test("the filter asks for the upstreams of streams alone, whatever they are called", () => {
  const asked = (clusters: readonly string[], name: string) => new RegExp(countersFilter(clusters)).test(name);
  const own = "cluster.local/team/db.v2/5432.upstream_cx_none_healthy";
  for (const clusters of [[], ["local/team/db.v2/5432"]]) {
    for (const name of ["binnacle.requests.request.200", "tcp.db.downstream_cx_total", "access_logs.x"])
      assert.ok(asked(clusters, name), name);
    assert.ok(!asked(clusters, "cluster.local/team/dbxv2/5432.upstream_cx_none_healthy"));
    assert.ok(!asked(clusters, "http.tcp.downstream_cx_total"));
    assert.equal(asked(clusters, own), clusters.length > 0);
  }
});
