import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Upstream } from "../integration/support/upstream.ts";
import { ingressShape } from "./ingress-shape.ts";
import { Poller } from "./poller.ts";
import { proxyShape } from "./proxy-shape.ts";
import { atMost, median, type Report } from "./report.ts";
import { RunningAppliance } from "./running-appliance.ts";
import type { Shape } from "./shape.ts";

const SIZES = [100, 1_000, 10_000];
/** The size whose median has a gate. */
const GATED = 1_000;
const CHANGES = 60;
/** What the directory source waits for after a change, so that a save of many files is one change. */
const DEBOUNCE_MS = 20;
const POLL_MS = 1;

/** A host is added as a file; the clock stops at its first answer, by its deepest route. */
export async function run(report: Report): Promise<void> {
  for (const shape of [ingressShape, proxyShape]) for (const size of SIZES) await measure(shape, size, report);
}

async function measure(shape: Shape, size: number, report: Report): Promise<void> {
  await using upstream = await Upstream.start();
  const hosts = size / shape.perHost;
  const manifest = (index: number): string => shape.manifest(index, { port: upstream.port, addresses: ["127.0.0.1"] });
  const fileName = (index: number): string => `${shape.hostName(index)}.yaml`;
  const files = Array.from({ length: hosts }, (_, index): [string, string] => [fileName(index), manifest(index)]);
  await using appliance = await RunningAppliance.start(files, upstream.port);
  using poller = new Poller(appliance.httpPort, shape.path);
  await poller.untilAnswered(shape.hostName(hosts - 1), 20);
  const times: number[] = [];
  for (let index = hosts; index < hosts + CHANGES; index++) {
    const file = join(appliance.manifests, fileName(index));
    await writeFile(`${file}.new`, manifest(index));
    const started = performance.now();
    await rename(`${file}.new`, file);
    await poller.untilAnswered(shape.hostName(index), POLL_MS);
    times.push(performance.now() - started - DEBOUNCE_MS);
  }
  const name = `file to traffic at ${size} ${shape.counts}`;
  const middle = `${name}, median`;
  report(size === GATED ? atMost(middle, median(times), "ms", 50) : { name: middle, value: median(times), unit: "ms" });
  report({ name: `${name}, slowest of ${CHANGES}`, value: Math.max(...times), unit: "ms" });
}
