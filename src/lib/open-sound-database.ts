import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "./open-database.ts";

/** SQLITE_CORRUPT, SQLITE_FORMAT and SQLITE_NOTADB (sqlite.org/rescode.html): it is the file that is wrong. */
const UNREADABLE = [11, 24, 26];

/** What SQLite writes beside a database with a write-ahead log. */
const SUFFIXES = ["", "-wal", "-shm"];

/**
 * As {@link openDatabase}, but a file that is no database, or a damaged one, is begun anew after `putAway` was told why and
 * has taken its files away. What says nothing about the file (a full disk, another process that writes it) throws, and the
 * file stays: it may hold the last that is known.
 *
 * @param prepare may throw an {@link UnusableDatabase} for a file that is sound and of no use
 * @param putAway gets the files of the database that are there, as suffixes of `file`
 * @param timeout milliseconds to wait for another process that writes it
 */
export function openSoundDatabase(
  file: string,
  prepare: (database: DatabaseSync) => void,
  putAway: (error: unknown, suffixes: readonly string[]) => void,
  timeout = 0,
): DatabaseSync {
  const open = (): DatabaseSync =>
    openDatabase(
      file,
      (database) => {
        const { quick_check: found } = database.prepare("PRAGMA quick_check(1)").get() ?? {};
        if (found !== "ok") throw new UnusableDatabase(String(found));
        prepare(database);
      },
      timeout,
    );
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

function isUnreadable(error: unknown): boolean {
  if (error instanceof UnusableDatabase) return true;
  // The lowest byte is the kind; the others say more of it.
  return error instanceof Error && "errcode" in error && UNREADABLE.includes(Number(error.errcode) & 0xff);
}

/** SQLITE_IOERR and SQLITE_FULL: with its write-ahead log SQLite calls a full disk by either. */
function advice(error: unknown): string {
  const isDisk = error instanceof Error && "errcode" in error && [10, 13].includes(Number(error.errcode) & 0xff);
  return isDisk ? " (look whether its disk is full, or failing)" : "";
}
