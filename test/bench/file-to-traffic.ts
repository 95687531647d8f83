import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Upstream } from "../integration/support/upstream.ts";
import { hostManifest, hostName } from "./home.ts";
import { Poller } from "./poller.ts";
import { atMost, median, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";

const SIZES = [100, 1_000, 10_000];
/** The size whose median has a gate. */
const GATED = 1_000;
const CHANGES = 60;
/** What the directory source waits for after a change, so that a save of many files is one change. */
const DEBOUNCE_MS = 20;
const POLL_MS = 1;

/** A host is added as a file; the clock stops at its first answer. */
export async function run(report: Report): Promise<void> {
  for (const hosts of SIZES) await measure(hosts, report);
}

async function measure(hosts: number, report: Report): Promise<void> {
  await using upstream = await Upstream.start();
  const target = { port: upstream.port, addresses: ["127.0.0.1"] };
  const files = Array.from({ length: hosts }, (_, index): [string, string] => [
    `app-${index}.yaml`,
    hostManifest(index, target),
  ]);
  await using appliance = await RunningAppliance.start(files, upstream.port);
  using poller = new Poller(appliance.httpPort);
  await poller.untilAnswered(hostName(hosts - 1), 20);
  const times: number[] = [];
  for (let index = hosts; index < hosts + CHANGES; index++) {
    const file = join(appliance.manifests, `app-${index}.yaml`);
    await writeFile(`${file}.new`, hostManifest(index, target));
    const started = performance.now();
    await rename(`${file}.new`, file);
    await poller.untilAnswered(hostName(index), POLL_MS);
    times.push(performance.now() - started - DEBOUNCE_MS);
  }
  times.sort((a, b) => a - b);
  const name = `file to traffic at ${hosts} hosts, median`;
  report(hosts === GATED ? atMost(name, median(times), "ms", 50) : { name, value: median(times), unit: "ms" });
  report({ name: `file to traffic at ${hosts} hosts, slowest of ${CHANGES}`, value: times.at(-1) ?? 0, unit: "ms" });
}
