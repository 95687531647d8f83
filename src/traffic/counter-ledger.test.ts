import assert from "node:assert/strict";
import { test } from "node:test";
import { CounterLedger, type CounterReading } from "./counter-ledger.ts";
import { FlowTable } from "./flows.ts";

const OK = "binnacle.requests.request.200 - local/a/b/80 http h/Ingress/a/i/prefix /";
const NOT_FOUND = "binnacle.requests.request.404 NR  http h";

function ledger() {
  const book = new CounterLedger(new FlowTable());
  const total = { requests: 0 };
  return (reading: Partial<CounterReading>) => {
    const entry = book.apply({ envoy: "e1", changed: [], gone: [], restarted: false, ...reading });
    total.requests += entry.deltas.reduce((sum, { requests }) => sum + requests, 0);
    return { ...entry, total: total.requests };
  };
}

test("each request counts once", () => {
  const read = ledger();
  const first = read({ changed: [[OK, 3]] });
  assert.equal(first.first, true);
  const second = read({
    changed: [
      [OK, 5],
      [NOT_FOUND, 1],
    ],
  });
  assert.equal(second.first, false);
  assert.deepEqual(
    second.deltas.map(({ flow, code, flags, requests }) => [flow.host, flow.cluster, code, flags, requests]),
    [
      ["h", "local/a/b/80", 200, [], 2],
      ["h", "", 404, ["NR"], 1],
    ],
  );
  assert.equal(read({}).total, 6);
});

test("an Envoy that restarts begins at 0, even where its counter stands as before", () => {
  const read = ledger();
  read({ changed: [[OK, 5]] });
  assert.equal(read({ changed: [[OK, 5]], restarted: true }).total, 10);
  assert.equal(read({ changed: [[OK, 2]] }).total, 12, "a lower value is a restart that nobody noticed");
});

test("a counter that went and came back begins at 0", () => {
  const read = ledger();
  read({ changed: [[OK, 5]] });
  read({ gone: [OK] });
  assert.equal(read({ changed: [[OK, 7]] }).total, 12);
});

test("several Envoys are counted apart", () => {
  const read = ledger();
  read({ changed: [[OK, 5]] });
  assert.equal(read({ envoy: "e2", changed: [[OK, 4]] }).total, 9);
  assert.equal(read({ envoy: "e1", changed: [[OK, 6]] }).total, 10);
});

test("entries that Envoy dropped are no requests", () => {
  const read = ledger();
  const entry = read({ changed: [["access_logs.grpc_access_log.logs_dropped", 9]] });
  assert.deepEqual([entry.entriesDropped, entry.total], [9, 0]);
});

test("a flow whose counters are all gone is counted no more, of whichever Envoy's reading", () => {
  const flows = new FlowTable({ stay: -1, now: () => 0 });
  const book = new CounterLedger(flows);
  const read = (source: string, changed: readonly (readonly [string, number])[], gone: readonly string[] = []) =>
    book.apply({ envoy: "e1", source, restarted: false, changed, gone });
  const failed = OK.replace("200", "503");
  read("e1 at 1", [
    [OK, 1],
    [failed, 1],
  ]);
  read("e1 at 2", [[OK, 1]]);
  read("e1 at 1", [], [OK]);
  read("e1 at 1", [], [failed]);
  assert.equal(flows.forgetIdle().length, 0);
  read("e1 at 2", [[OK.replace("h/", "i/"), 1]], [OK]);
  assert.deepEqual(
    flows.forgetIdle().map(([{ host }]) => host),
    ["h"],
  );
  book.forget("e1 at 2");
  assert.deepEqual(
    flows.forgetIdle().map(([{ host }]) => host),
    ["i"],
  );
});

test("two processes of one name count apart, and one that follows another happened since", () => {
  const read = ledger();
  assert.equal(read({ source: "edge-1 at 100", changed: [[OK, 5]] }).first, true);
  const next = read({ source: "edge-1 at 200", follows: true, changed: [[OK, 4]] });
  assert.deepEqual([next.first, next.total], [false, 9]);
  assert.equal(next.deltas[0]?.flow.envoy, "e1");
  assert.equal(read({ source: "edge-1 at 100", changed: [[OK, 6]] }).total, 10);
  assert.equal(read({ source: "edge-1 at 200", changed: [[OK, 6]] }).total, 12);
});

test("connections and sessions are told as what was gained, and are no requests", () => {
  const read = ledger();
  read({ changed: [["tcp.db.downstream_cx_total", 3]] });
  const entry = read({ changed: [["tcp.db.downstream_cx_total", 5]] });
  assert.deepEqual(entry.streams, [{ of: "tcp", name: "db", amount: "connections", gained: 2 }]);
  assert.equal(entry.total, 0);
});
