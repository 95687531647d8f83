import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson } from "#lib/canonical.ts";
import { bootstrap, type BootstrapSettings } from "./bootstrap.ts";
import { controlPlaneSecretFiles } from "./control-plane-cluster.ts";

const TLS = {
  certificateFile: "/tls/cert.pem",
  keyFile: "/tls/key.pem",
  certificateDirectory: "/tls",
  caFile: "/ca/ca.pem",
  caDirectory: "/ca",
  serverName: "control.example",
  secretsDirectory: "/secrets",
};

const LOCAL: BootstrapSettings = {
  node: { id: "one", cluster: "binnacle", metadata: {} },
  adminSocket: "/run/admin.sock",
  xds: { type: "socket", path: "/run/xds.sock" },
  accessLog: { type: "socket", path: "/run/als.sock" },
  stats: { address: "127.0.0.1", port: 8601, matcher: { reject_all: false }, histogramBuckets: [], tags: [] },
  limits: { maxHeapBytes: 2 ** 30, maxConnections: 100 },
};

/** Every value below `key`, wherever it stands. */
function valuesOf(value: unknown, key: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesOf(item, key));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, below]) => [...(name === key ? [below] : []), ...valuesOf(below, key)]);
}

test("a local Envoy listens on loopback alone, and its admin interface is a private socket", () => {
  const built = bootstrap(LOCAL);
  assert.deepEqual(built["admin"], { address: { pipe: { path: "/run/admin.sock", mode: 0o600 } } });
  assert.deepEqual(valuesOf(built, "socket_address"), [{ address: "127.0.0.1", port_value: 8601 }]);
});

test("equal settings give equal bytes, whatever their order", () => {
  const { limits, stats, ...rest } = LOCAL;
  assert.equal(canonicalJson(bootstrap({ stats, limits, ...rest })), canonicalJson(bootstrap(LOCAL)));
});

test("a remote control plane is spoken to by TLS 1.3 with secrets that may change; no key stands in any file of ours", () => {
  const remote = { type: "tcp", host: "control.example", port: 18000, tls: TLS } as const;
  const built = bootstrap({ ...LOCAL, xds: remote, accessLog: remote });
  assert.deepEqual(valuesOf(built, "tls_minimum_protocol_version"), ["TLSv1_3", "TLSv1_3"]);
  assert.deepEqual(new Set(valuesOf(built, "sni")), new Set(["control.example"]));
  const files = controlPlaneSecretFiles(TLS);
  const named = valuesOf(built, "path_config_source").map((source) => (source as { path: string }).path);
  assert.deepEqual([...new Set(named)].toSorted(), Object.keys(files).toSorted());
  assert.deepEqual(new Set(valuesOf(files, "filename")), new Set(["/ca/ca.pem", "/tls/cert.pem", "/tls/key.pem"]));
  assert.deepEqual(
    valuesOf(files, "exact"),
    ["control.example"],
    "another certificate of the same authority will not do",
  );
});

test("only Hosts that name the statistics listener are served", () => {
  assert.deepEqual(servedHosts("127.0.0.1"), [
    "127.0.0.1",
    "127.0.0.1:8601",
    "[::1]",
    "[::1]:8601",
    "localhost",
    "localhost:8601",
  ]);
  assert.ok(JSON.stringify(servedHosts("fd00::7")).includes("[fd00::7]:8601"));
});

function servedHosts(address: string): unknown {
  return valuesOf(bootstrap({ ...LOCAL, stats: { ...LOCAL.stats, address } }), "domains")[0];
}
