import assert from "node:assert/strict";
import { test } from "node:test";
import { TrafficModel } from "../feed/traffic-model.ts";
import { testSnapshot } from "../feed/test-rows.ts";
import { START } from "../state/address.ts";
import { chartWindow } from "./chart-window.ts";

function column(seconds: number, requests: number) {
  return { time: seconds * 1000, requests, errors: 0, classes: {}, latency: [] };
}

test("a second that the feed left out had no request: the line goes down to nothing, but not where a column may be late", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ time: 1_008_300, columns: [column(1001, 5), column(1004, 7)] }));
  const { columns, from, to } = chartWindow(model.picture(), START);
  assert.deepEqual([from, to], [707, 1007]);
  assert.deepEqual(
    columns.map(({ time, requests }) => [time / 1000, requests]),
    [
      [1001, 5],
      [1002, 0],
      [1003, 0],
      [1004, 7],
    ],
  );
  model.apply({ type: "delta", sequence: 2, time: 1_018_300, dropped: { rows: 0, frames: 0 } });
  assert.deepEqual(
    chartWindow(model.picture(), START)
      .columns.slice(4)
      .map(({ time, requests }) => [time / 1000, requests]),
    [
      [1005, 0],
      [1006, 0],
      [1007, 0],
    ],
  );
});

test("before the first request nothing is known, and nothing is drawn", () => {
  const model = new TrafficModel();
  model.replace(testSnapshot({ time: 1_008_300 }));
  assert.deepEqual(chartWindow(model.picture(), START).columns, []);
});
