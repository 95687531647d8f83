import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { replaceFile } from "#lib/replace-file.ts";
import {
  endProcess,
  environment,
  isRunning,
  owner,
  type ProcessIdentity,
  processStatus,
  sendSignal,
} from "./process-identity.ts";

/** The variable that marks a child and all that it starts as ours; its value is new for each start. */
export const CHILD_MARK = "BINNACLE_CHILD";

/** What the next start must know to end a child that outlived us. */
export interface ChildRecord extends ProcessIdentity {
  /** The value of {@link CHILD_MARK} in its environment. */
  readonly mark: string;
}

/** A killed process takes a moment to go, and may have started another one before it did. */
const LOOKS = 100;
const LOOK_MS = 10;

const schema = z.object({
  pid: z.int().positive(),
  startTicks: z.number(),
  bootId: z.string(),
  mark: z.string().min(8),
});

/** Where the record of a child is kept. */
export function childRecordFile(directory: string, name: string): string {
  return join(directory, `${name}.json`);
}

export function writeChildRecord(file: string, record: ChildRecord): void {
  replaceFile(file, `${JSON.stringify(record)}\n`);
}

export function removeChildRecord(file: string): void {
  rmSync(file, { force: true });
}

/** Undefined when there is no record or none that can be read: a torn file of a crash is no reason not to start. */
export function readChildRecord(file: string): ChildRecord | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Ends what an earlier run left behind: the child, and what it started. A record may be stale or forged: only what carries
 * its mark in its environment is touched. Returns whether there was anything to end.
 */
export async function endOrphan(file: string, graceMs: number): Promise<boolean> {
  const record = readChildRecord(file);
  if (record === undefined) return false;
  const leader = environment(record.pid)?.includes(markEntry(record)) ?? false;
  if (leader) await endProcess(record, graceMs);
  const rest = await killDescendants(record);
  removeChildRecord(file);
  return leader || rest;
}

/**
 * SIGKILL for whatever a child that has ended left behind, also what moved to a session of its own. Resolves when none of
 * it runs any more, with whether there was anything.
 */
export async function killDescendants(record: ChildRecord): Promise<boolean> {
  let found = false;
  for (let look = 0; look < LOOKS; look++) {
    const left = descendants(record);
    if (left.length === 0) return found;
    found = true;
    for (const pid of left) sendSignal(pid, "SIGKILL");
    await delay(LOOK_MS);
  }
  return found;
}

/** By the mark; a process that is just being replaced by a program (execve) shows no environment, but has its session. */
function descendants(record: ChildRecord): readonly number[] {
  const mark = markEntry(record);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid) || pid === record.pid || owner(pid) !== process.getuid?.()) return false;
      const status = processStatus(pid);
      if (status === undefined || status.zombie) return false;
      return environment(pid)?.includes(mark) ?? (status.session === record.pid && !isRunning(record));
    });
}

function markEntry({ mark }: ChildRecord): string {
  return `${CHILD_MARK}=${mark}`;
}
