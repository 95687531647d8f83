import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { endProcess, environment, processStatus, type ProcessIdentity, sendSignal } from "./process-identity.ts";

/** The variable that marks a child and all that it starts as ours; its value is new for each start. */
export const CHILD_MARK = "BINNACLE_CHILD";

/** What the next start must know to end a child that outlived us. */
export interface ChildRecord extends ProcessIdentity {
  /** The value of {@link CHILD_MARK} in its environment. */
  readonly mark: string;
}

const schema = z.object({
  pid: z.int().positive(),
  startTicks: z.number(),
  bootId: z.string(),
  mark: z.string().min(8),
});

export function writeChildRecord(file: string, record: ChildRecord): void {
  writeFileSync(file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
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
 * Ends what an earlier run left behind: the child, and the processes of its group. A record may be stale or forged: only
 * what carries its mark in its environment is touched. Returns whether there was anything to end.
 */
export async function endOrphan(file: string, graceMs: number): Promise<boolean> {
  const record = readChildRecord(file);
  if (record === undefined) return false;
  const leader = isMarked(record.pid, record.mark);
  if (leader) await endProcess(record, graceMs);
  const rest = killGroup(record);
  removeChildRecord(file);
  return leader || rest;
}

/** SIGKILL for what is left of a child's process group. Returns whether anything was. */
export function killGroup(record: ChildRecord): boolean {
  const left = groupMembers(record.pid).filter((pid) => isMarked(pid, record.mark));
  for (const pid of left) sendSignal(pid, "SIGKILL");
  return left.length > 0;
}

function isMarked(pid: number, mark: string): boolean {
  return environment(pid)?.includes(`${CHILD_MARK}=${mark}`) ?? false;
}

function groupMembers(group: number): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && processStatus(pid)?.group === group);
}
