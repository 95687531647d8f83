import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "#lib/replace-file.ts";

const schema = z.object({
  pid: z.int().positive(),
  /** Clock ticks since boot: field 22 of /proc/PID/stat. */
  startTicks: z.number(),
  bootId: z.string(),
  /** Of bootstrap and flags; it stands in the bootstrap file's name too. */
  hash: z.string(),
  binary: z.string(),
  version: z.string(),
  baseId: z.int(),
  epoch: z.int(),
  /** Bytes of the log that were there before. */
  logStart: z.int(),
  /** ISO 8601. */
  startedAt: z.string(),
});

/**
 * `envoy.json`: which Envoy serves, for people and for the command line. It decides nothing: which process is ours is
 * found out from the processes (running-envoys.ts).
 */
export type ProcessRecord = z.output<typeof schema>;

export function writeRecord(directory: string, record: ProcessRecord): void {
  replaceFile(recordPath(directory), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Undefined when there is none, or none that can be read. */
export function readRecord(directory: string): ProcessRecord | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(recordPath(directory), "utf8")));
  } catch {
    return undefined;
  }
}

export function removeRecord(directory: string): void {
  rmSync(recordPath(directory), { force: true });
}

function recordPath(directory: string): string {
  return join(directory, "envoy.json");
}
