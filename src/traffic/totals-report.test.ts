import assert from "node:assert/strict";
import { test } from "node:test";
import { otlpForTests } from "./otlp-for-tests.ts";
import { readTotalsReport } from "./totals-report.ts";

const VALUES = {
  "server.uptime": 70,
  "binnacle.requests.request.200 - a/b/c/80 http h": 2 ** 40,
  "cluster.a/b.membership_total": 0,
};

test("names and values are read, large ones too, and the time", () => {
  const { time, values } = readTotalsReport(otlpForTests(1_800_000_000, VALUES));
  assert.equal(time, 1_800_000_000);
  assert.deepEqual(Object.fromEntries(values), VALUES);
});

test("nothing is an empty report; bytes that are none are refused, and so is every cut", () => {
  assert.equal(readTotalsReport(Buffer.alloc(0)).values.size, 0);
  assert.throws(() => readTotalsReport(Buffer.alloc(100, 0xff)));
  const whole = otlpForTests(1_800_000_000, VALUES);
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => readTotalsReport(whole.subarray(0, length)), `${length} of ${whole.length} bytes`);
  }
});
