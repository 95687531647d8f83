import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { httpGet } from "../integration/support/http-get.ts";
import { until } from "../integration/support/until.ts";
import { Upstream } from "../integration/support/upstream.ts";
import { hostManifest, hostName } from "./home.ts";
import { atMost, median, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";

const HOSTS = 1_000;
const CHANGES = 30;
/** What the directory source waits for after a change, so that a save of many files is one change. */
const DEBOUNCE_MS = 20;

/** A host is added as a file; the clock stops at its first answer. */
export async function run(report: Report): Promise<void> {
  await using upstream = await Upstream.start();
  const target = { port: upstream.port, addresses: ["127.0.0.1"] };
  const files = Array.from({ length: HOSTS }, (_, index): [string, string] => [
    `app-${index}.yaml`,
    hostManifest(index, target),
  ]);
  await using appliance = await RunningAppliance.start(files, upstream.port);
  const answer = (index: number) => httpGet({ port: appliance.httpPort }, "/", { host: hostName(index) });
  await until(() => answer(HOSTS - 1), {
    accept: ({ status }) => status === 200,
    what: "the last host to answer",
    timeoutMs: 60_000,
  });
  const times: number[] = [];
  for (let index = HOSTS; index < HOSTS + CHANGES; index++) {
    const file = join(appliance.manifests, `app-${index}.yaml`);
    await writeFile(`${file}.new`, hostManifest(index, target));
    const started = performance.now();
    await rename(`${file}.new`, file);
    await until(() => answer(index), {
      accept: ({ status }) => status === 200,
      what: `${hostName(index)} to answer`,
      intervalMs: 1,
    });
    times.push(performance.now() - started - DEBOUNCE_MS);
  }
  times.sort((a, b) => a - b);
  report(atMost(`file to traffic at ${HOSTS} hosts, median`, median(times), "ms", 50));
  report({ name: `file to traffic at ${HOSTS} hosts, slowest of ${CHANGES}`, value: times.at(-1) ?? 0, unit: "ms" });
}
