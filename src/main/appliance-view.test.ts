import assert from "node:assert/strict";
import { test } from "node:test";
import { Snapshot } from "#xds/snapshot.ts";
import { applianceView, type ApplianceParts } from "./appliance-view.ts";

test("since when a program waits to be started again does not move, and how long it still waits does", () => {
  let now = 5_000;
  const parts: ApplianceParts = {
    snapshot: new Snapshot(),
    clients: () => [],
    sources: () => [],
    processes: () => [
      {
        name: "prometheus",
        ends: 7,
        state: { state: "failed", attempt: 7, since: 1_000, until: 9_000, reason: "ended" },
      },
      { name: "grafana", ends: 0, state: { state: "stopped", since: 2_000 } },
    ],
    configSince: () => 0,
    now: () => now,
  };
  const view = applianceView(parts);
  const children = () => view.children().map(({ name, state, since, detail }) => [name, state, since, detail]);
  const grafana = ["grafana", "stopped", 2_000, ""];
  assert.deepEqual(children(), [grafana, ["prometheus", "backoff", 1_000, "ended; started again in 4 s"]]);
  now = 8_000;
  assert.deepEqual(children(), [grafana, ["prometheus", "backoff", 1_000, "ended; started again in 1 s"]]);
});
