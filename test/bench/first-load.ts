import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { ingressShape } from "./ingress-shape.ts";
import { cpuMillis, mostResidentBytes, residentBytes } from "./process-cost.ts";
import { proxyShape } from "./proxy-shape.ts";
import { atMost, median, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";
import type { Shape } from "./shape.ts";

const SIZES = [100, 1_000, 10_000];
/** The size whose figures have gates. */
const GATED = 10_000;
/** Hosts or proxies. */
const A_FILE = 100;
const SAMPLE = 200;

/** From nothing to traffic: the appliance is started on a directory of 10,000 hosts, or proxies, with a Service each. */
export async function run(report: Report): Promise<void> {
  for (const shape of [ingressShape, proxyShape]) for (const size of SIZES) await measure(shape, size, report);
}

async function measure(shape: Shape, size: number, report: Report): Promise<void> {
  await using upstream = await Upstream.start();
  const hosts = size / shape.perHost;
  const inFile = A_FILE / shape.perHost;
  const files = Array.from({ length: size / A_FILE }, (_, file): [string, string] => [
    `team-${file}.yaml`,
    Array.from({ length: inFile }, (_, index) =>
      shape.manifest(file * inFile + index, { port: upstream.port, addresses: ["127.0.0.1"] }),
    ).join("---\n"),
  ]);
  await using appliance = await RunningAppliance.start(files, upstream.port);
  const written = performance.now();
  const answer = (index: number) => httpGet({ port: appliance.httpPort }, shape.path, { host: shape.hostName(index) });
  await until(() => answer(hosts - 1), {
    accept: ({ status }) => status === 200,
    what: "the last host to answer",
    timeoutMs: 120_000,
  });
  const live = performance.now();
  const cpu = { controlPlane: cpuMillis(appliance.controlPlanePid), envoy: cpuMillis(await appliance.envoyPid()) };
  for (let index = 0; index < SAMPLE; index++) {
    const host = Math.floor((index * hosts) / SAMPLE);
    assert.equal((await answer(host)).status, 200, `${shape.hostName(host)} answers`);
  }
  const envoy = await appliance.envoyPid();
  const first = {
    name: `${size} ${shape.counts} live, from the start of the process`,
    value: (live - written) / 1000,
    unit: "s",
  };
  report(size === GATED ? atMost(first.name, first.value, first.unit, 10) : first);
  if (size !== GATED) return;
  report({ name: "control plane's CPU until then", value: cpu.controlPlane / 1000, unit: "s" });
  report({ name: "Envoy's CPU until then", value: cpu.envoy / 1000, unit: "s" });
  const resident = await atRest({ controlPlane: appliance.controlPlanePid, envoy });
  report(atMost("control plane, resident", resident.controlPlane / 1e6, "MB", 400));
  report({
    name: "control plane, resident at most so far",
    value: mostResidentBytes(appliance.controlPlanePid) / 1e6,
    unit: "MB",
  });
  report(atMost("Envoy, resident", resident.envoy / 1e6, "MB", 600));
}

/** What a garbage-collected process holds depends on the moment: the median of the ten seconds after the load. */
async function atRest<Name extends string>(pids: Readonly<Record<Name, number>>): Promise<Record<Name, number>> {
  const samples = Object.fromEntries(Object.keys(pids).map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let second = 0; second < 10; second++) {
    await setTimeout(1000);
    for (const name in pids) samples[name].push(residentBytes(pids[name]));
  }
  const medians = Object.entries<number[]>(samples).map(([name, values]) => [name, median(values)]);
  return Object.fromEntries(medians) as Record<Name, number>;
}
