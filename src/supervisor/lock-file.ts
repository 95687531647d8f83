import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { hasCode } from "#lib/error-code.ts";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** Somebody else holds the lock. */
export class LockedError extends Error {
  override readonly name = "LockedError";
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`process ${pid} holds ${path}`);
    this.pid = pid;
  }
}

interface Holder extends ProcessIdentity {
  /** New for each time the lock is taken. */
  readonly id: string;
}

const schema = z.object({ pid: z.int().positive(), startTicks: z.number(), bootId: z.string(), id: z.uuid() });

/** How often, and at what distance, a lock that changes hands while we look at it is looked at again. */
const ATTEMPTS = 50;
const PAUSE_MS = 5;

/**
 * Takes the lock at `path` for this process and returns what lets go of it. The file names the holder (pid, start time,
 * boot), so a lock whose holder has died is taken over at once, and one that a living process holds throws
 * {@link LockedError}. Local file systems: it rests on link(2) and rename(2).
 */
export async function takeLock(path: string): Promise<Disposable> {
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error("this process cannot be found in /proc; is /proc mounted?");
  const mine: Holder = { ...identity, id: randomUUID() };
  const draft = `${path}.${mine.id}`;
  writeFileSync(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600, flag: "wx" });
  try {
    await take(path, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    [Symbol.dispose]: () => {
      if (readHolder(path)?.id === mine.id) rmSync(path, { force: true });
    },
  };
}

async function take(path: string, draft: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await delay(PAUSE_MS);
    if (tryLink(draft, path)) return;
    const holder = readHolder(path);
    if (holder !== undefined && isRunning(holder)) throw new LockedError(path, holder.pid);
    await removeDead(path, holder?.id, draft);
  }
  throw new Error(`${path} changes hands all the time; is something starting in a loop?`);
}

/**
 * Removes a lock whose holder is dead. Several starts may find the same one, and none must remove what another has just
 * put in its place: so that is done under a lock of its own, named for this one dead holder.
 */
async function removeDead(path: string, deadId: string | undefined, draft: string): Promise<void> {
  const turn = `${path}.after-${deadId ?? "unreadable"}`;
  try {
    await take(turn, draft);
  } catch (error) {
    if (error instanceof LockedError) return; // somebody else is at it
    throw error;
  }
  try {
    if (readHolder(path)?.id === deadId) rmSync(path, { force: true });
  } finally {
    rmSync(turn, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Undefined for what is no lock file: it has no holder who could mind. */
function readHolder(path: string): Holder | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
