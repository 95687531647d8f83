import assert from "node:assert/strict";
import { test } from "node:test";
import { baseIdOf, type EnvoyFlags, envoyArguments, flagArguments, parseEnvoyCommand } from "./command-line.ts";

const FLAGS: EnvoyFlags = { hotRestartSocket: "/run/hr", concurrency: 2, logLevel: "warning", drainSeconds: 600 };
const COMMAND = { configFile: "/state/envoy/bootstrap-ab.json", baseId: 42, epoch: 3 };

test("what is written is read again", () => {
  const line = ["/opt/envoy", ...envoyArguments(COMMAND, FLAGS)];
  assert.deepEqual(parseEnvoyCommand(line), { binary: "/opt/envoy", ...COMMAND });
});

test("the old process outlives the draining", () => {
  assert.deepEqual([1, 10, 600].map(parentSeconds), ["2", "11", "660"]);
});

test("the shell that starts Envoy, other Envoys and other programs are not ours", () => {
  const line = ["/opt/envoy", ...envoyArguments(COMMAND, FLAGS)];
  for (const other of [
    ["/bin/sh", "-c", "script", "sh", ...line],
    ["/opt/envoy", "-c", "x.json", "--base-id", "1", "--restart-epoch", "0"],
    ["/opt/envoy", "--config-path", "x.json"],
    ["/opt/envoy", "--config-path", "x.json", "--base-id", "one", "--restart-epoch", "0"],
    ["/opt/envoy", "--config-path", "x.json", "--restart-epoch", "0", "--base-id"],
    [],
  ]) {
    assert.equal(parseEnvoyCommand(other), undefined);
  }
});

function parentSeconds(drainSeconds: number): string | undefined {
  const flags = flagArguments({ ...FLAGS, drainSeconds });
  return flags[flags.indexOf("--parent-shutdown-time-s") + 1];
}

test("a base id is an appliance's own, and ten times it fits into 32 bits with a sign", () => {
  const ids = Array.from({ length: 2000 }, (_, index) => baseIdOf(`/var/lib/binnacle-${index}`));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => id * 10 + 9 < 2 ** 31));
  assert.equal(baseIdOf("/var/lib/binnacle-0"), ids[0]);
});
