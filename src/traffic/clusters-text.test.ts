import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterText, healthOf, readCluster, splitClusters } from "./clusters-text.ts";

function lines(cluster: string, address: string, health: string, total: number): string {
  return [
    `${cluster}::${address}::cx_active::2`,
    `${cluster}::${address}::cx_connect_fail::3`,
    `${cluster}::${address}::cx_total::4`,
    `${cluster}::${address}::rq_active::1`,
    `${cluster}::${address}::rq_error::5`,
    `${cluster}::${address}::rq_success::6`,
    `${cluster}::${address}::rq_timeout::7`,
    `${cluster}::${address}::rq_total::${total}`,
    `${cluster}::${address}::hostname::`,
    `${cluster}::${address}::health_flags::${health}`,
    `${cluster}::${address}::zone::z1`,
    `${cluster}::${address}::success_rate::-1`,
    "",
  ].join("\n");
}

const HEAD = (cluster: string) =>
  `${cluster}::observability_name::${cluster}\n${cluster}::default_priority::max_connections::1024\n${cluster}::added_via_api::true\n`;

const CART = "local/team-shop/cart/80";
const CART8 = "local/team-shop/cart/8080";
const TEXT =
  HEAD("binnacle_xds") +
  HEAD(CART) +
  lines(CART, "10.0.0.1:8080", "healthy", 10) +
  lines(CART, "[2001:db8::1]:8080", "/failed_active_hc", 20) +
  HEAD(CART8);

test("the text falls into clusters; Envoy's own are left out", () => {
  const { clusters } = splitClusters(TEXT);
  assert.deepEqual(
    clusters.map(({ cluster }) => cluster),
    [CART, CART8],
  );
  assert.equal(clusters.map(({ text }) => text).join(""), TEXT.slice(HEAD("binnacle_xds").length));
  assert.deepEqual(splitClusters("").clusters, []);
  assert.deepEqual(splitClusters("nonsense").clusters, []);
});

test("a text that comes in pieces, cut anywhere, falls into the same clusters", () => {
  const whole = splitClusters(TEXT).clusters;
  for (let size = 1; size < TEXT.length; size++) {
    const clusters: ClusterText[] = [];
    let rest = "";
    for (let at = 0; at < TEXT.length; at += size) {
      const found = splitClusters(rest + TEXT.slice(at, at + size), at + size >= TEXT.length);
      clusters.push(...found.clusters);
      rest = found.rest;
    }
    assert.deepEqual(clusters, whole, `pieces of ${size}`);
  }
});

test("an endpoint says its priority, and of which upstream that takes over it is", () => {
  const more = `${CART}::10.0.0.1:8080::priority::1\n${CART}::10.0.0.1:8080::sub_zone::west/team-shop/west-cart/80\n`;
  const first = `${CART}::[2001:db8::1]:80::priority::0\n${CART}::[2001:db8::1]:80::sub_zone::\n`;
  const [cart] = splitClusters(HEAD(CART) + lines(CART, "10.0.0.1:8080", "healthy", 10) + more + first).clusters;
  assert.ok(cart !== undefined);
  const [fallback, own] = readCluster(cart).endpoints;
  assert.equal(fallback?.priority, 1);
  assert.deepEqual(fallback.fallback, { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 });
  assert.deepEqual([own?.priority, own?.fallback], [undefined, undefined]);
});

test("endpoints are read, IPv6 addresses too; limits are no endpoints", () => {
  const [cart, empty] = splitClusters(TEXT).clusters.map(readCluster);
  assert.deepEqual(cart?.endpoints[0], {
    address: "10.0.0.1:8080",
    health: "healthy",
    zone: "z1",
    activeRequests: 1,
    activeConnections: 2,
    requests: 10,
    errors: 5,
    timeouts: 7,
    connectFailures: 3,
  });
  assert.deepEqual(
    cart?.endpoints.map(({ address, health, requests }) => [address, health, requests]),
    [
      ["10.0.0.1:8080", "healthy", 10],
      ["[2001:db8::1]:8080", "failing", 20],
    ],
  );
  assert.deepEqual(empty?.endpoints, []);
});

test("health flags are one word", () => {
  const flags = {
    healthy: "healthy",
    "/failed_active_hc": "failing",
    "/failed_active_hc/active_hc_timeout": "failing",
    "/failed_active_hc/pending_active_hc": "unknown",
    "/failed_outlier_check": "ejected",
    "/failed_active_hc/failed_outlier_check": "ejected",
    "/eds_status_draining": "draining",
    "/failed_eds_health": "unhealthy",
    "/degraded_eds_health": "degraded",
    "/degraded_active_hc": "degraded",
    "/something_new": "unhealthy",
  };
  for (const [flag, health] of Object.entries(flags)) assert.equal(healthOf(flag), health, flag);
});
