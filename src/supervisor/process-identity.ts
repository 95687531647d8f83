import { readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "#lib/error-code.ts";

/**
 * One process and no other: a pid alone is given out again after its process ended, with its start time it is not, and
 * the boot tells apart two runs of the machine. Linux; all of it stands in /proc.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the process's start: field 22 of /proc/PID/stat, see proc_pid_stat(5). */
  readonly startTicks: number;
  /** /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
}

export interface ProcessStatus {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTicks: number;
  /**
   * All of it has ended, and its parent has not asked for the exit status yet. A first thread that has ended before the
   * others does not count: the others still hold its files and ports.
   */
  readonly zombie: boolean;
}

/** The identity of the process that has `pid` now; undefined when there is none, or only what is left of one. */
export function identify(pid: number): ProcessIdentity | undefined {
  const status = processStatus(pid);
  if (status === undefined || status.zombie) return undefined;
  return { pid, startTicks: status.startTicks, bootId: bootId() };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return sameProcess(identify(identity.pid), identity);
}

export function sameProcess(a: ProcessIdentity | undefined, b: ProcessIdentity | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId
  );
}

/** Sends the signal if that very process still runs; whether it was sent. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  return sendSignal(identity.pid, signal);
}

/** kill(2), where a process that is gone is no error. A negative pid means a process group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}

/** Resolves with true when the process has ended, with false when `signal` fires first. It need not be our child. */
export async function processEnd(identity: ProcessIdentity, signal: AbortSignal, intervalMs = 20): Promise<boolean> {
  while (isRunning(identity)) {
    if (signal.aborted) return false;
    await delay(intervalMs, undefined, { signal }).catch(() => {});
  }
  return true;
}

/** SIGTERM, and SIGKILL when it is still there after `graceMs`. Resolves when it is gone. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!signalProcess(identity, "SIGTERM")) return;
  if (await processEnd(identity, AbortSignal.timeout(graceMs))) return;
  signalProcess(identity, "SIGKILL");
  await processEnd(identity, AbortSignal.timeout(graceMs));
}

/** The arguments with which a process was started, the program first; undefined when it is gone or a kernel thread. */
export function commandLine(pid: number): readonly string[] | undefined {
  return nullSeparated(`/proc/${pid}/cmdline`);
}

/** `NAME=value` pairs of a process's start; undefined when it is gone or belongs to someone else. */
export function environment(pid: number): readonly string[] | undefined {
  return nullSeparated(`/proc/${pid}/environ`);
}

/** The file that a process runs; undefined when it is gone or belongs to someone else. */
export function executable(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
  } catch {
    return undefined;
  }
}

/** User id of a process; undefined when it is gone. */
export function owner(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

export function processStatus(pid: number): ProcessStatus | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  return parseStatus(text);
}

/** /proc/PID/stat. The second field, the program's name in parentheses, may hold blanks and parentheses itself. */
export function parseStatus(text: string): ProcessStatus | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const at = (field: number): number => Number(fields[field - 3]);
  const status: ProcessStatus = {
    parent: at(4),
    group: at(5),
    session: at(6),
    startTicks: at(22),
    zombie: /^[ZX]$/.test(fields[0] ?? "") && at(20) <= 1,
  };
  return Number.isNaN(status.startTicks) ? undefined : status;
}

let thisBoot: string | undefined;

/** The same as long as we live. */
function bootId(): string {
  thisBoot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return thisBoot;
}

function nullSeparated(path: string): readonly string[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  return text === "" ? undefined : text.replace(/\0$/, "").split("\0");
}
