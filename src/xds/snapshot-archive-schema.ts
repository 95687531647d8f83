import type { DatabaseSync } from "node:sqlite";

/** `BinS`: PRAGMA application_id, by which file(1) and we tell this archive from other SQLite files. */
const APPLICATION_ID = 0x42696e53;
/** To be raised with every change of the tables; what another version wrote is never read. */
const SCHEMA_VERSION = 2;

/** Makes the tables of an archive in an empty database. */
export function createArchiveTables(database: DatabaseSync): void {
  database.exec(`
    BEGIN;
    CREATE TABLE resource (
      type TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, bytes BLOB NOT NULL, clusters TEXT NOT NULL,
      listeners TEXT NOT NULL, checked INTEGER NOT NULL,
      PRIMARY KEY (type, name)) WITHOUT ROWID;
    CREATE TABLE complete_since (milliseconds INTEGER NOT NULL);
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `);
}

/** Why a database is no archive that can be used, or undefined when it is one. Throws where SQLite cannot read it at all. */
export function archiveFault(database: DatabaseSync): string | undefined {
  const foreign = foreignFault(database);
  if (foreign !== undefined) return foreign;
  const check = pragma(database, "quick_check");
  return check === "ok" ? undefined : `it is damaged: ${String(check)}`;
}

/** As {@link archiveFault}, of a database that is known to be sound. */
export function foreignFault(database: DatabaseSync): string | undefined {
  const id = pragma(database, "application_id");
  if (id !== APPLICATION_ID) return "it is not a snapshot archive";
  const version = pragma(database, "user_version");
  return version === SCHEMA_VERSION
    ? undefined
    : `it has version ${String(version)}, and this is for version ${SCHEMA_VERSION}`;
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}
