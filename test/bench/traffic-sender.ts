// Sends log entries as Envoy does: traffic-sender.ts SOCKET ENTRIES PER_SECOND (0: as fast as they are taken). A process of its
// own, so that what it costs is not counted with the receiver.
import { setTimeout } from "node:timers/promises";
import { AccessLogClient, ordinaryEntry } from "../integration/traffic/access-log-client.ts";

/** About what fits into Envoy's buffer of 64 KB. */
const ENTRIES_A_MESSAGE = 160;
/** Milliseconds between two lots. */
const LOT = 50;

const [socketPath = "", total = "0", perSecond = "0"] = process.argv.slice(2);
const now = Date.now();
const entries = Array.from({ length: ENTRIES_A_MESSAGE }, (_, index) => ordinaryEntry(index * 7, now));
using client = new AccessLogClient(socketPath);
await client.send([], "sample");
const began = performance.now();
for (let sent = 0; sent < Number(total); sent += ENTRIES_A_MESSAGE) {
  await client.send(entries.slice(0, Number(total) - sent));
  const due = Number(perSecond) === 0 ? 0 : (sent / Number(perSecond)) * 1000 - (performance.now() - began);
  if (due > LOT) await setTimeout(due);
}
await client.end();
