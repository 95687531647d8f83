import assert from "node:assert/strict";
import { test } from "node:test";
import type { CountDelta } from "./counter-ledger.ts";
import { type Flow, FlowTable } from "./flows.ts";
import { bucketOf } from "./histogram.ts";
import { History } from "./history.ts";
import { finished } from "./in-turns.ts";
import type { Column } from "./table-rows.ts";

const ANY = () => true;

/** All of `[from, to)`, as they are when nothing happens between the steps. */
function columnsOf(history: History, from: number, to: number, passes: (flow: Flow) => boolean = ANY): Column[] {
  return finished(history.columns(() => [from, to], { isWhole: passes === ANY, flow: passes }))();
}

function setUp(limits = { seconds: 900, bytes: 1_000_000 }) {
  const flows = new FlowTable();
  const history = new History(flows, limits);
  const delta = (host: string, code: number, requests: number): CountDelta => ({
    flow: flows.flow("e1", "http", `${host}/Ingress/team/${host}/r`, ""),
    code,
    flags: [],
    requests,
  });
  return { flows, history, delta };
}

test("requests between two readings are spread over the seconds, and none is lost", () => {
  const { history, delta } = setUp();
  history.addCounts([delta("a", 200, 10), delta("b", 503, 1)], 100.3, 103.3);
  const columns = columnsOf(history, 100, 110);
  assert.deepEqual(
    columns.map(({ time, requests }) => [time, requests]),
    [
      [100_000, 2],
      [101_000, 4],
      [102_000, 4],
      [103_000, 1],
    ],
  );
  const sum = (of: (column: (typeof columns)[number]) => number) => columns.reduce((all, one) => all + of(one), 0);
  assert.deepEqual([sum(({ requests }) => requests), sum(({ errors }) => errors)], [11, 1]);
});

test("single requests of many flows are spread as well, and do not all come into one second", () => {
  const { history, delta } = setUp();
  const hosts = [...Array(300).keys()].map((number) => delta(`host-${number}`, 200, 1));
  history.addCounts(hosts, 100.1, 103);
  const requests = columnsOf(history, 100, 103).map((column) => column.requests);
  assert.equal(requests.length, 3);
  assert.ok(Math.abs(requests[0]! - (300 * 0.9) / 2.9) <= 2, String(requests));
  assert.ok(Math.abs(requests[1]! - 300 / 2.9) <= 2, String(requests));
  assert.equal(
    requests.reduce((sum, amount) => sum + amount, 0),
    300,
  );
});

test("a reading that goes further back than the first entry loses nothing; what was dropped stays dropped", () => {
  const { history, delta } = setUp({ seconds: 10, bytes: 1_000_000 });
  const { flow } = delta("a", 200, 1);
  history.addLatencies(102, [{ flow, buckets: [[1, 1]], phases: [] }]);
  history.addCounts([delta("a", 200, 6)], 100, 103);
  const counts = () => columnsOf(history, 90, 120).map(({ time, requests }) => [time / 1000, requests]);
  assert.deepEqual(counts(), [
    [100, 2],
    [101, 2],
    [102, 2],
  ]);
  history.trim(112);
  history.addCounts([delta("a", 200, 6)], 100, 103);
  assert.deepEqual(counts(), [[102, 4]]);
});

test("two readings at one time lose nothing", () => {
  const { history, delta } = setUp();
  history.addCounts([delta("a", 200, 3)], 100, 100);
  history.addCounts([delta("a", 200, 4)], 100.5, 100.4);
  assert.equal(columnsOf(history, 100, 101)[0]?.requests, 7);
});

test("a column shows the flows asked for", () => {
  const { history, delta } = setUp();
  history.addCounts([delta("a", 200, 3), delta("b", 404, 2)], 100, 101);
  const [column] = columnsOf(history, 100, 101, ({ host }) => host === "b");
  assert.deepEqual([column?.requests, column?.errors, column?.classes], [2, 0, { "4xx": 2 }]);
});

test("latencies give buckets, quantiles and the mean of each phase", () => {
  const { history, delta } = setUp();
  const { flow } = delta("a", 200, 1);
  // Of phases: waiting 2 ms over weight 4, the rest not come to.
  history.addLatencies(100, [{ flow, buckets: [[bucketOf(8), 4]], phases: [2, 4, 0, 0, 0, 0, 0, 0] }]);
  const [column] = columnsOf(history, 100, 101);
  assert.deepEqual(column?.latency, [[bucketOf(8), 4]]);
  assert.deepEqual(column?.phases, { waiting: 0.5 });
  assert.ok(column?.quantiles !== undefined && column.quantiles.p50 <= 8);
});

test("a sealed second says the same, also after something came late", () => {
  const { history, delta } = setUp();
  history.addCounts([delta("a", 200, 3)], 100, 101);
  const open = columnsOf(history, 100, 101);
  history.trim(200);
  assert.deepEqual(columnsOf(history, 100, 101), open);
  history.addCounts([delta("a", 200, 2)], 100, 101);
  history.trim(200);
  assert.equal(columnsOf(history, 100, 101)[0]?.requests, 5);
});

test("what is older than the limit goes, and what is too much", () => {
  const { history, delta } = setUp({ seconds: 5, bytes: 1_000_000 });
  for (let at = 100; at < 110; at++) history.addCounts([delta("a", 200, 1)], at, at + 1);
  history.trim(110);
  assert.equal(history.since, 105);
  history.addCounts([delta("a", 200, 1)], 99, 100);
  assert.equal(history.since, 105, "too late is left out");
  const small = setUp({ seconds: 900, bytes: 1000 });
  for (let at = 100; at < 110; at++) small.history.addCounts([small.delta("a", 200, 1)], at, at + 1);
  small.history.trim(110);
  assert.ok(small.history.bytes <= 1000 && small.history.bytes > 0);
});

test("a clock that jumps leaves no endless row of empty seconds", () => {
  const { history, delta } = setUp({ seconds: 5, bytes: 1_000_000 });
  history.addCounts([delta("a", 200, 1)], 100, 101);
  history.addCounts([delta("a", 200, 1)], 1_000_000_000, 1_000_000_001);
  assert.equal(history.since, 1_000_000_000);
});

test("it says which seconds changed", () => {
  const { history, delta } = setUp();
  history.addCounts([delta("a", 200, 2)], 102, 104);
  history.addCounts([delta("a", 200, 1)], 102, 103);
  assert.deepEqual([history.takeTouched(103), history.takeTouched(103)], [[102], []]);
  assert.deepEqual(history.takeTouched(200), [103], "the second that is not over yet comes when it is");
});
