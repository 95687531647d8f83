import assert from "node:assert/strict";
import { AT_ONCE, LargeCloud } from "../contract/support/large-cloud.ts";
import { atMost, median, type Report } from "./report.ts";

const SIZE = { projects: 50, loadBalancers: 20, members: 10 };
/** Milliseconds that the cloud takes for an answer. */
const LATENCIES = [10, 50] as const;
const CYCLES = 3;
/** One list of projects; of each project three lists, and the members of each pool. */
const CALLS = 1 + SIZE.projects * (3 + SIZE.loadBalancers);

/**
 * A cycle over 50 projects × 20 load balancers × 10 members, answered by recorded answers: everything has to be in the snapshot
 * before a time is told. Without latency it is our own work; with it, how near the parallel calls come to what they could.
 */
export async function run(report: Report): Promise<void> {
  await using cloud = await LargeCloud.start(SIZE);
  await cloud.cycle();
  const endpoints = [...cloud.controlPlane.translator.eachItem()].filter((item) => item.type === "endpoints");
  const members = endpoints.reduce((sum, item) => sum + item.endpoints.length, 0);
  assert.equal(members, SIZE.projects * SIZE.loadBalancers * SIZE.members);

  const cycle = async (): Promise<number> => {
    await cloud.cycle();
    return cloud.cycles.at(-1) ?? NaN;
  };
  const typical = async (): Promise<number> => {
    const times: number[] = [];
    for (let index = 0; index < CYCLES; index++) times.push(await cycle());
    return median(times);
  };
  cloud.changed.length = 0;
  const own = await typical();
  report(atMost("calls a cycle", cloud.calls.at(-1) ?? NaN, "calls", CALLS));
  report({ name: "cycle without latency, this machine's own work and the stand-in's", value: own, unit: "ms" });
  assert.deepEqual(cloud.changed, []);
  report(atMost("resources pushed while nothing changes", cloud.changed.length, "resources", 0));
  for (const latency of LATENCIES) {
    cloud.standIn.latency = latency;
    const least = (CALLS * latency) / AT_ONCE;
    const took = await typical();
    report({ name: `cycle at ${latency} ms a call, ${AT_ONCE} at once`, value: took, unit: "ms" });
    const ratio = {
      name: `the same, against ${Math.round(least)} ms that the calls alone take, and our own work`,
      unit: "x",
    };
    const value = took / (least + own);
    // A short latency is hidden by whatever else this machine does.
    report(latency < 50 ? { ...ratio, value } : atMost(ratio.name, value, ratio.unit, 1.5));
  }
  cloud.standIn.latency = 0;
  cloud.changeMember(7, 3);
  await cloud.cycle();
  report(atMost("resources pushed for one changed member", cloud.changed.length, "resources", 1));
}
