import type { SnapshotMessage } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { RouteTotals, Totals } from "#traffic/table-rows.ts";

/** A request for tests; `changes` replace what matters to one. */
export function testRow(id: number, changes: Partial<RequestRow> = {}): RequestRow {
  return {
    id,
    time: id * 1000,
    envoy: "envoy",
    listener: "http",
    method: "GET",
    authority: "a.example",
    path: "/",
    protocol: "HTTP/1.1",
    code: 200,
    flags: [],
    details: "via_upstream",
    transportFailure: "",
    host: "a.example",
    route: "a",
    attempts: 1,
    duration: 1,
    phases: {},
    bytesIn: 0,
    bytesOut: 0,
    client: "192.0.2.1",
    userAgent: "",
    requestId: "",
    kept: "sample",
    weight: 1,
    ...changes,
  };
}

export function testTotals(perSecond = 0, errorsPerSecond = 0): Totals {
  const errorRatio = perSecond === 0 ? 0 : errorsPerSecond / perSecond;
  return {
    counts: { requests: 0, classes: {}, codes: {}, flags: {} },
    rates: { seconds: 10, perSecond, errorsPerSecond, errorRatio },
  };
}

export function testRoute(key: string, changes: Partial<RouteTotals> = {}): RouteTotals {
  return { key, listener: "http", host: key, route: key, upstreams: [], ...testTotals(), ...changes };
}

export function testSnapshot(changes: Partial<SnapshotMessage> = {}): SnapshotMessage {
  return {
    type: "snapshot",
    sequence: 1,
    time: 0,
    dropped: { rows: 0, frames: 0 },
    filter: {},
    totals: testTotals(),
    envoys: [],
    streams: [],
    listeners: [],
    hosts: [],
    routes: [],
    owners: [],
    clusters: [],
    hidden: { hosts: 0, routes: 0, owners: 0, clusters: 0 },
    columns: [],
    requests: [],
    talkers: { clients: [], paths: [], agents: [], routes: [] },
    sampling: {
      words: "",
      failures: 1,
      sample: 1,
      latency: 1,
      budget: 500,
      received: 0,
      requests: 0,
      lost: { envoy: 0, receiver: 0 },
      receiver: "ready",
      totalsEvery: 1000,
      envoys: [],
    },
    markers: [],
    pins: [],
    ...changes,
  };
}
