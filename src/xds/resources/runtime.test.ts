import assert from "node:assert/strict";
import { test } from "node:test";
import { trafficRuntime } from "./runtime.ts";

test("shares become millionths, and the slow threshold both of its sides", () => {
  assert.deepEqual(trafficRuntime({ failures: 1, sample: 0.05, latency: 0.5, slowThreshold: 1000 }), {
    "binnacle.traffic.failures": 1_000_000,
    "binnacle.traffic.sample": 50_000,
    "binnacle.traffic.latency": 500_000,
    "binnacle.traffic.slow_ms": 1000,
    "binnacle.traffic.fast_ms": 999,
  });
});

function sample(share: number): number | undefined {
  return trafficRuntime({ failures: 0, sample: share, latency: 1, slowThreshold: 1 })["binnacle.traffic.sample"];
}

test("a share never becomes more than all, nor nothing while it is above nothing", () => {
  assert.deepEqual([sample(2), sample(1e-9), sample(0), sample(-1)], [1_000_000, 1, 0, 0]);
});
