import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Memory that can be used as files (shm_open(3)): a reboot empties it. */
export const SHARED_MEMORY = "/dev/shm";

/** Of a database file's header (sqlite.org/fileformat.html, 1.3.3): how it is written and read; 1 is without a write-ahead log. */
const VERSIONS = [18, 19];

/**
 * What a SQLite file holds, with its write-ahead log, as a database in memory: nothing is written beside the file, as SQLite does
 * even to read one, so it can be had on a disk that is full or read-only. A file that is not there is an empty one. Throws what
 * the file system says; a file that is no database fails when it is first read.
 */
export function databaseInMemory(file: string): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  try {
    if (bytesOf(file) === 0) return database;
    const bytes = bytesOf(`${file}-wal`) === 0 ? readFileSync(file) : withItsLog(file);
    for (const at of VERSIONS) if (bytes.length > at) bytes[at] = 1;
    database.deserialize(bytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite itself brings file and log together, of copies: it could not open them where they are. */
function withItsLog(file: string): Uint8Array {
  const folder = mkdtempSync(join(SHARED_MEMORY, "binnacle-"));
  try {
    const copy = join(folder, "copy");
    for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, copy + suffix);
    using database = new DatabaseSync(copy);
    return database.serialize();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
