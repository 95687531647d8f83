import assert from "node:assert/strict";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { hostManifest, hostName } from "./home.ts";
import { cpuMillis, residentBytes } from "./process-cost.ts";
import { atMost, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";

const HOSTS = 10_000;
const HOSTS_A_FILE = 100;
const SAMPLE = 200;

/** From nothing to traffic: the appliance is started on a directory of 10,000 hosts with a Service each. */
export async function run(report: Report): Promise<void> {
  await using upstream = await Upstream.start();
  const files = Array.from({ length: HOSTS / HOSTS_A_FILE }, (_, file): [string, string] => [
    `team-${file}.yaml`,
    Array.from({ length: HOSTS_A_FILE }, (_, index) =>
      hostManifest(file * HOSTS_A_FILE + index, { port: upstream.port, addresses: ["127.0.0.1"] }),
    ).join("---\n"),
  ]);
  const started = performance.now();
  await using appliance = await RunningAppliance.start(files, upstream.port);
  const written = performance.now();
  const answer = (index: number) => httpGet({ port: appliance.httpPort }, "/", { host: hostName(index) });
  await until(() => answer(HOSTS - 1), {
    accept: ({ status }) => status === 200,
    what: "the last host to answer",
    timeoutMs: 120_000,
  });
  const live = performance.now();
  const cpu = { controlPlane: cpuMillis(appliance.controlPlanePid), envoy: cpuMillis(await appliance.envoyPid()) };
  for (let index = 0; index < SAMPLE; index++) {
    const host = Math.floor((index * HOSTS) / SAMPLE);
    assert.equal((await answer(host)).status, 200, `${hostName(host)} answers`);
  }
  const envoy = await appliance.envoyPid();
  report({ name: "writing the files", value: (written - started) / 1000, unit: "s" });
  report(atMost(`${HOSTS} hosts live, from the start of the process`, (live - written) / 1000, "s", 10));
  report({ name: "control plane's CPU until then", value: cpu.controlPlane / 1000, unit: "s" });
  report({ name: "Envoy's CPU until then", value: cpu.envoy / 1000, unit: "s" });
  report(atMost("control plane, resident", residentBytes(appliance.controlPlanePid) / 1e6, "MB", 400));
  report(atMost("Envoy, resident", residentBytes(envoy) / 1e6, "MB", 600));
}
