import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * Opens a SQLite file of ours, or makes it, readable by nobody else; `prepare` checks it or makes its tables. What that throws
 * comes back, with the file closed again.
 *
 * @param timeout milliseconds to wait for another process that writes it
 */
export function openDatabase(file: string, prepare: (database: DatabaseSync) => void, timeout = 0): DatabaseSync {
  // Made by us first, so that it is never readable by others, not even for a moment.
  if (!existsSync(file)) closeSync(openSync(file, "wx", 0o600));
  const database = new DatabaseSync(file, { timeout });
  try {
    // With a write-ahead log a commit is one append; NORMAL is safe against our own death at any moment, and against the
    // machine's it loses at most the last commits (SQLite, "Write-Ahead Logging").
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
