import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter } from "./filter.ts";
import { type StreamDelta, Streams } from "./streams.ts";

const DB = "local/team-shop/db/5432";
const EVERYTHING = compileFilter({}, "all");

function delta(of: StreamDelta["of"], name: string, amount: StreamDelta["amount"], gained: number): StreamDelta {
  return { of, name, amount, gained };
}

function world() {
  const streams = new Streams();
  streams.listeners = [
    { name: "dns", protocol: "udp", clusters: [] },
    { name: "db", protocol: "tcp", clusters: [{ name: DB, weight: 1 }] },
  ];
  return streams;
}

test("connections, failures and bytes add up over Envoys; those of before have no rate", () => {
  const streams = world();
  streams.add("e1", [delta("tcp", "db", "connections", 100), delta("tcp", "db", "bytesIn", 5000)], undefined);
  const later = { from: 10_000, to: 12_000 };
  streams.add("e1", [delta("tcp", "db", "connections", 6), delta("cluster", DB, "failed", 2)], later);
  streams.add("e2", [delta("tcp", "db", "connections", 5), delta("tcp", "db", "bytesOut", 10_000)], {
    from: 7000,
    to: 12_000,
  });
  const [db, dns] = streams.rows(EVERYTHING);
  assert.deepEqual(db, {
    key: "db",
    protocol: "tcp",
    upstreams: [{ upstream: { backend: "local", namespace: "team-shop", service: "db", port: 5432 }, share: 1 }],
    connections: 111,
    failed: 2,
    bytesIn: 5000,
    bytesOut: 10_000,
    perSecond: 4,
    failedPerSecond: 1,
    bytesInPerSecond: 0,
    bytesOutPerSecond: 2000,
  });
  assert.deepEqual([dns?.key, dns?.upstreams, dns?.connections], ["dns", [], 0]);
});

test("rates are those of the last ten seconds", () => {
  const streams = world();
  for (let second = 0; second < 30; second++) {
    const gained = second < 15 ? [delta("tcp", "db", "connections", 50)] : [];
    streams.add("e1", gained, { from: second * 1000, to: (second + 1) * 1000 });
  }
  assert.deepEqual([streams.rows(EVERYTHING)[0]?.perSecond, streams.rows(EVERYTHING)[0]?.connections], [0, 750]);
});

for (const [what, filter, scope, shown] of [
  ["everything", {}, "all", ["db", "dns"]],
  ["its namespace", { namespaces: ["team-shop"] }, "all", ["db"]],
  ["another namespace", { namespaces: ["team-blog"] }, "all", []],
  ["a host", { hosts: ["shop.localhost"] }, "all", []],
  ["a team's session", {}, new Set(["team-shop"]), ["db"]],
  ["another team's session", {}, new Set(["team-blog"]), []],
] as const) {
  test(`shown for ${what}: ${shown.join(", ") || "none"}`, () => {
    assert.deepEqual(
      world()
        .rows(compileFilter(filter, scope))
        .map(({ key }) => key),
      shown,
    );
  });
}

test("of a server name on a listener, each upstream has its share, and the failures of all count", () => {
  const streams = new Streams();
  const canary = "local/team-shop/db-canary/5432";
  const clusters = [
    { name: DB, weight: 90 },
    { name: canary, weight: 10 },
  ];
  streams.listeners = [{ name: "https/db.example.com", protocol: "tcp", clusters }];
  streams.add(
    "e1",
    [
      delta("tcp", "https/db.example.com", "connections", 20),
      delta("cluster", DB, "failed", 1),
      delta("cluster", canary, "failed", 2),
    ],
    undefined,
  );
  const [row] = streams.rows(EVERYTHING);
  assert.deepEqual([row?.key, row?.connections, row?.failed], ["https/db.example.com", 20, 3]);
  assert.deepEqual(
    row?.upstreams.map(({ upstream: { service }, share }) => [service, share]),
    [
      ["db", 0.9],
      ["db-canary", 0.1],
    ],
  );
});

test("a filter by Envoy counts that one alone", () => {
  const streams = world();
  for (const envoy of ["e1", "e2"]) streams.add(envoy, [delta("tcp", "db", "connections", 7)], undefined);
  assert.equal(streams.rows(compileFilter({ envoys: ["e2"] }, "all"))[0]?.connections, 7);
});

test("upstreams whose failures are asked for: each once, without those that are none, and for good", () => {
  const streams = world();
  streams.listeners = [{ name: "db", protocol: "tcp", clusters: [{ name: "local/team-shop/db-2/5432", weight: 1 }] }];
  assert.deepEqual(streams.clusters, ["local/team-shop/db-2/5432", DB]);
});
