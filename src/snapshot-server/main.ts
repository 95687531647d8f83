// The snapshot server: answers an Envoy that starts while no control plane runs. `node main.ts --state DIR [--build HASH]`
import { existsSync, writeFileSync } from "node:fs";
import { flushCompileCache, getCompileCacheDir } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { identify, isRunning } from "#supervisor/process-identity.ts";
import { outputLog } from "./output-log.ts";
import { snapshotServerPlaces } from "./places.ts";
import { readServerRecord } from "./server-record.ts";
import { StandBy } from "./stand-by.ts";

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { state: { type: "string" }, build: { type: "string", default: "" } },
  });
  const log = outputLog("stand-by");
  if (values.state === undefined) {
    log.error("the state directory is missing; give it with --state DIR");
    return 2;
  }
  const places = snapshotServerPlaces(values.state);
  if (!existsSync(places.folder)) {
    log.error("this is no state directory that an appliance has used", { path: values.state });
    return 2;
  }
  const other = readServerRecord(places.record);
  if (other !== undefined && other.pid !== process.pid && isRunning(other)) {
    log.error("this state directory has a snapshot server already", { pid: other.pid });
    return 1;
  }
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error("this process cannot be found in /proc; is /proc mounted?");
  startAgainFromCache();
  const self = { ...identity, build: values.build };
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  // A terminal that goes away takes nobody with it.
  process.on("SIGHUP", () => {});
  await new StandBy(places, self, log).run(stop.signal);
  return 0;
}

/**
 * Compiling takes 27 MB that are never given back, and this process mostly waits, for weeks. So, once all of it is in the
 * cache of compiled modules, it starts again from there: execve(2), the same process to everybody else.
 */
function startAgainFromCache(): void {
  const cache = getCompileCacheDir();
  if (cache === undefined || process.execve === undefined) return;
  const mark = join(cache, "stand-by");
  if (existsSync(mark)) return;
  try {
    flushCompileCache();
    writeFileSync(mark, "");
  } catch {
    // A full disk: it goes on as it is.
    return;
  }
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env);
}

process.exit(await main(process.argv.slice(2)));
