// The process that serves the archive, for as long as the stand-by wants it to. Arguments: the archive, and the socket.
import { rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { loadSnapshotArchive } from "#xds/snapshot-archive-load.ts";
import { ArchiveService } from "./archive-service.ts";
import { outputLog } from "./output-log.ts";
import type { ServingReport } from "./serving-process.ts";

async function main([archive = "", socket = ""]: readonly string[]): Promise<void> {
  const log = outputLog("serve");
  const loaded = loadSnapshotArchive(archive);
  if (loaded.type === "refused") {
    await report(loaded);
    return;
  }
  // What is made here is for our own user: the socket, which has no moment in which to be tightened.
  process.umask(0o077);
  rmSync(socket, { force: true });
  await using service = new ArchiveService(loaded.snapshot, log);
  await service.listen(socket);
  await report({ type: "ready" });
  log.info("the archive is loaded", { resources: loaded.resources });
  flushCompileCache();
  // The stand-by ends us, and nobody needs us without it.
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("disconnect", resolve));
}

/** Resolves when it is on its way. A stand-by that is gone hears nothing, and its end is ours. */
function report(message: ServingReport): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

await main(process.argv.slice(2));
process.exit();
