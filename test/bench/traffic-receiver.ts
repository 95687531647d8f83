import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { silentLogger } from "#lib/log.ts";
import { Traffic } from "#traffic/traffic.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { measureFirstPicture } from "./first-picture.ts";
import { atMost, type Report } from "./report.ts";

const VIEWERS = 10;
const WARM_UP = 40_000;
const FAST = 200_000;
const STEADY = { perSecond: 20_000, seconds: 8 };

/**
 * The access-log receiver with ten live views open: entries through real gRPC from a process of their own. Every entry has
 * to arrive before a time is told. CPU is that of the whole receiving process: its thread, the main thread, the views.
 * Then, without traffic, what it costs to open another.
 */
export async function run(report: Report): Promise<void> {
  await using directory = await temporaryDirectory("bench");
  const socketPath = join(directory.path, "als.sock");
  await using traffic = await Traffic.start({
    accessLogSocket: socketPath,
    settings: {
      sampleShare: 1,
      entriesPerSecond: 500,
      slowThreshold: 1000,
      keepQueryValues: false,
      retention: 900_000,
      retentionBytes: 64 * 1024 * 1024,
    },
    log: silentLogger,
    onShares: () => {},
  });
  let bytes = 0;
  for (let index = 0; index < VIEWERS; index++) {
    const send = (message: object) => {
      bytes += JSON.stringify(message).length;
    };
    const session = traffic.open({ name: `viewer ${index}`, scope: "all", operates: "all", send, isReady: () => true });
    session.receive('{"type":"subscribe"}');
  }
  await receive(traffic, socketPath, WARM_UP, 0);
  const fast = await receive(traffic, socketPath, FAST, 0);
  report({ name: "entries received per CPU-second", value: FAST / fast.cpuSeconds, unit: "entries" });
  bytes = 0;
  const steady = await receive(traffic, socketPath, STEADY.perSecond * STEADY.seconds, STEADY.perSecond);
  report(atMost("CPU at 20,000 entries a second, ten live views", steady.cpuSeconds / STEADY.seconds, "cores", 0.5));
  report({ name: "sent to each live view", value: bytes / VIEWERS / steady.seconds / 1000, unit: "KB/s" });
  await measureFirstPicture(report);
}

/** Sends so many entries and waits until all are received. Throws when one is lost or counted twice. */
async function receive(
  traffic: Traffic,
  socketPath: string,
  count: number,
  perSecond: number,
): Promise<{ readonly cpuSeconds: number; readonly seconds: number }> {
  const before = received(traffic);
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  const sender = new URL("./traffic-sender.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [sender, socketPath, String(count), String(perSecond)], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
  await until(() => received(traffic) - before, { accept: (all) => all >= count, what: `${count} entries` });
  const { user, system } = process.cpuUsage(cpu);
  if (received(traffic) - before !== count)
    throw new Error(`${received(traffic) - before} entries, ${count} were sent`);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - began) / 1000 };
}

function received(traffic: Traffic): number {
  const { failures, sample } = traffic.stats.received;
  return failures + sample;
}
