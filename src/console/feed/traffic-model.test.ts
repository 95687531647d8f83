import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeltaMessage, Marker } from "#traffic/messages.ts";
import type { Column } from "#traffic/table-rows.ts";
import { testRoute, testSnapshot, testTotals } from "./test-rows.ts";
import { TrafficModel } from "./traffic-model.ts";

function column(second: number, requests = 0): Column {
  return { time: second * 1000, requests, errors: 0, classes: {}, latency: [] };
}

function marker(id: number): Marker {
  return { id, time: id, kind: "push", severity: "info", text: "" };
}

function delta(changes: Partial<DeltaMessage>): DeltaMessage {
  return { type: "delta", sequence: 2, time: 0, dropped: { rows: 0, frames: 0 }, ...changes };
}

test("a delta replaces rows by key, takes away what is gone and leaves the rest", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ routes: [testRoute("a"), testRoute("b")], totals: testTotals(5) }));
  model.apply(delta({ routes: [testRoute("b", testTotals(7)), testRoute("c")], removed: { routes: ["a"] } }));
  const picture = model.picture();
  assert.deepEqual(
    picture?.routes.map(({ key, rates }) => [key, rates.perSecond]),
    [
      ["b", 7],
      ["c", 0],
    ],
  );
  assert.equal(picture.totals.rates.perSecond, 5);
});

test("a snapshot replaces everything", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ routes: [testRoute("a")], columns: [column(1)], markers: [marker(1)] }));
  model.replace(testSnapshot({ routes: [testRoute("b")] }));
  const picture = model.picture();
  assert.deepEqual(
    picture?.routes.map(({ key }) => key),
    ["b"],
  );
  assert.deepEqual([picture.columns, picture.markers], [[], []]);
});

test("without a snapshot a delta means nothing", () => {
  const model = new TrafficModel();
  model.apply(delta({ routes: [testRoute("a")] }));
  assert.equal(model.picture(), undefined);
});

test("a column with a known time replaces it, a late one finds its place, the oldest give way", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ columns: [column(1), column(3, 1)] }));
  model.apply(delta({ columns: [column(3, 9), column(2), column(4)] }));
  assert.deepEqual(
    model.picture()?.columns.map(({ time, requests }) => [time / 1000, requests]),
    [
      [1, 0],
      [2, 0],
      [3, 9],
      [4, 0],
    ],
  );
  model.apply(delta({ columns: Array.from({ length: 900 }, (_, index) => column(5 + index)) }));
  assert.equal(model.picture()?.columns.length, 900);
  assert.equal(model.picture()?.columns[0]?.time, 5000);
});

test("a picture that was taken does not change any more", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ routes: [testRoute("a")], columns: [column(1)] }));
  const before = model.picture();
  model.apply(delta({ routes: [testRoute("b")], columns: [column(1, 5), column(2)], markers: [marker(1)] }));
  assert.deepEqual(
    before?.routes.map(({ key }) => key),
    ["a"],
  );
  assert.deepEqual(before.columns, [column(1)]);
  assert.deepEqual(before.markers, []);
});

test("each route's rate is noted once a second, and forgotten with the route", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ time: 1000, routes: [testRoute("a", testTotals(1)), testRoute("b", testTotals(2))] }));
  model.apply(delta({ time: 1500, routes: [testRoute("a", testTotals(9))] }));
  model.apply(delta({ time: 2000, removed: { routes: ["b"] } }));
  assert.deepEqual([...(model.picture()?.routeRates ?? [])], [["a", [1, 9]]]);
});
