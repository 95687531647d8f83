import assert from "node:assert/strict";
import { test } from "node:test";
import { TotalsDiffer } from "./totals-differ.ts";

const OK = "binnacle.requests.request.200 - local/a/b/80 http h";
const TOTAL = "cluster.local/a/b/80.membership_total";
const HEALTHY = "cluster.local/a/b/80.membership_healthy";

function differ() {
  const own = new TotalsDiffer();
  const take = (time: number, uptime: number, values: Readonly<Record<string, number>>, envoy = "edge-1") =>
    own.take(envoy, { time, values: new Map(Object.entries({ "server.uptime": uptime, ...values })) });
  return { take, forget: (envoy: string) => own.forget(envoy) };
}

test("after the first report only what differs is told", () => {
  const { take } = differ();
  const first = take(1000, 10, { [OK]: 5, "tcp.db.downstream_cx_total": 1, [TOTAL]: 3, [HEALTHY]: 2 });
  assert.deepEqual(first, {
    envoy: "edge-1",
    began: 990,
    fresh: true,
    changed: [
      [OK, 5],
      ["tcp.db.downstream_cx_total", 1],
    ],
    gone: [],
    memberships: [{ cluster: "local/a/b/80", endpoints: 3, healthy: 2 }],
    goneClusters: [],
  });
  // The two clocks are read one after the other: a second may pass between them.
  const second = take(1006, 15, { [OK]: 6, "tcp.db.downstream_cx_total": 1, [TOTAL]: 3, [HEALTHY]: 2 });
  assert.deepEqual([second.began, second.fresh, second.changed, second.memberships], [990, false, [[OK, 6]], []]);
  const third = take(1010, 20, { [OK]: 6 });
  assert.deepEqual([third.gone, third.goneClusters], [["tcp.db.downstream_cx_total"], ["local/a/b/80"]]);
});

test("another process, and one that was forgotten, is told whole", () => {
  const { take, forget } = differ();
  take(1000, 10, { [OK]: 5 });
  const restarted = take(1005, 2, { [OK]: 5 });
  assert.deepEqual([restarted.began, restarted.fresh, restarted.changed], [1003, true, [[OK, 5]]]);
  assert.deepEqual(take(1010, 7, { [OK]: 5 }).changed, []);
  assert.equal(take(1010, 7, { [OK]: 5 }, "edge-2").fresh, true);
  forget("edge-1");
  assert.deepEqual(take(1015, 12, { [OK]: 5 }).changed, [[OK, 5]]);
});

test("a report without an age or a time is refused", () => {
  const own = new TotalsDiffer();
  assert.throws(() => own.take("edge-1", { time: 1000, values: new Map([[OK, 1]]) }), /lacks server\.uptime/);
  assert.throws(() => own.take("edge-1", { time: 0, values: new Map([["server.uptime", 1]]) }), /its time/);
});
