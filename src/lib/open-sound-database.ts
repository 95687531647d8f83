import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isDiskFault } from "./disk-fault.ts";
import { openDatabase } from "./open-database.ts";

/** SQLITE_CORRUPT, SQLITE_FORMAT and SQLITE_NOTADB (sqlite.org/rescode.html): it is the file that is wrong. */
const UNREADABLE = [11, 24, 26];

/** What SQLite writes beside a database with a write-ahead log. */
const SUFFIXES = ["", "-wal", "-shm"];

export interface SoundDatabase {
  readonly file: string;
  /** Checks it or makes its tables; may throw an {@link UnusableDatabase} for a file that is sound and of no use. */
  readonly prepare: (database: DatabaseSync) => void;
  /** Told why a file is begun anew, and takes its files away: those that are there, as suffixes of `file`. */
  readonly putAway: (error: unknown, suffixes: readonly string[]) => void;
  /** Milliseconds to wait for another process that writes it; default 0. */
  readonly timeout?: number;
}

/**
 * As {@link openDatabase}, but a file that is no database, or a damaged one, is begun anew after `putAway` was told why. What says
 * nothing about the file (a full disk, another process that writes it) throws, and the file stays: it may hold the last that is
 * known.
 */
export function openSoundDatabase({ file, prepare, putAway, timeout }: SoundDatabase): DatabaseSync {
  const checkAndPrepare = (database: DatabaseSync): void => {
    checkSound(database);
    prepare(database);
  };
  const open = (): DatabaseSync => openDatabase(file, checkAndPrepare, timeout);
  try {
    return open();
  } catch (error) {
    if (!isUnreadable(error)) throw new Error(`cannot open the database ${file}${advice(error)}`, { cause: error });
    putAway(
      error,
      SUFFIXES.filter((suffix) => existsSync(file + suffix)),
    );
    return open();
  }
}

/** The file is what it should not be; the message says what. */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}

/** Throws what is wrong with a damaged one. */
export function checkSound(database: DatabaseSync): void {
  const { quick_check: found } = database.prepare("PRAGMA quick_check(1)").get() ?? {};
  if (found !== "ok") throw new UnusableDatabase(String(found));
}

/** Whether the file is to blame. */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof UnusableDatabase) return true;
  // The lowest byte is the kind; the others say more of it.
  return error instanceof Error && "errcode" in error && UNREADABLE.includes(Number(error.errcode) & 0xff);
}

function advice(error: unknown): string {
  return isDiskFault(error) ? " (look whether its disk is full, or failing)" : "";
}
