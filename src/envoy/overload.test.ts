import assert from "node:assert/strict";
import { test } from "node:test";
import { overloadLimits, overloadManager } from "./overload.ts";

const MACHINE = { memoryBytes: 2 ** 30, openFiles: 1024 };

test("limits come from the machine where no setting says otherwise", () => {
  const none = { maxHeapMiB: undefined, maxConnections: undefined };
  assert.deepEqual(overloadLimits(MACHINE, none), { maxHeapBytes: 2 ** 29, maxConnections: 512 });
  assert.deepEqual(overloadLimits({ memoryBytes: 2 ** 40, openFiles: 2 ** 20 }, none).maxConnections, 50_000);
  assert.deepEqual(overloadLimits(MACHINE, { maxHeapMiB: 64, maxConnections: 9 }), {
    maxHeapBytes: 64 * 2 ** 20,
    maxConnections: 9,
  });
});

test("what is given up under pressure comes in order, and numbers of 64 bits are strings", () => {
  const { actions, resource_monitors } = overloadManager({ maxHeapBytes: 2 ** 33, maxConnections: 10 }) as {
    actions: { name: string; triggers: { threshold?: { value: number }; scaled?: { scaling_threshold: number } }[] }[];
    resource_monitors: { typed_config: Record<string, unknown> }[];
  };
  const at = new Map(
    actions.map(({ name, triggers: [trigger] }) => [
      name.replace("envoy.overload_actions.", ""),
      trigger?.threshold?.value ?? trigger?.scaled?.scaling_threshold ?? 0,
    ]),
  );
  const order = [
    "reduce_timeouts",
    "shrink_heap",
    "disable_http_keepalive",
    "stop_accepting_requests",
    "stop_accepting_connections",
  ];
  const thresholds = order.map((name) => at.get(name) ?? Number.NaN);
  assert.deepEqual(
    thresholds,
    thresholds.toSorted((a, b) => a - b),
  );
  assert.ok(thresholds.every((value) => value > 0 && value < 1));
  assert.deepEqual(
    resource_monitors.map(
      ({ typed_config }) => typed_config["max_heap_size_bytes"] ?? typed_config["max_active_downstream_connections"],
    ),
    ["8589934592", "10"],
  );
});
