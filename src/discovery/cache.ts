import { rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { errorMessage } from "#lib/error-message.ts";
import { KeptDatabase } from "#lib/kept-database.ts";
import type { Logger } from "#lib/log.ts";
import { unreachable } from "#lib/unreachable.ts";
import { WriteBehind } from "#lib/write-behind.ts";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";

/** What is remembered of a backend over a restart. */
export interface Remembered {
  readonly services: readonly DiscoveredService[];
  /** When the backend was last known to be in step, milliseconds since the epoch; undefined when never. */
  readonly syncedAt: number | undefined;
  /** Somebody removed it: it is not followed again while the configuration still names it. */
  readonly isRemoved: boolean;
}

/** Where what was discovered outlives the process, so that a start without the platform's API serves what was last known. */
export interface DiscoveryCache {
  /** What of it is written. */
  load(backend: string): Remembered;
  save(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void;
  inStep(backend: string, at: number): void;
  /** At once, unless it cannot be written now. */
  markRemoved(backend: string, isRemoved: boolean): void;
  /** Forgets every backend but these. Returns the names of those that it forgot. */
  keepOnly(backends: readonly string[]): readonly string[];
  /** Writes what is still to be written. */
  close(): void;
}

/** Another form of what is kept: what an earlier version wrote is not read. */
const FORM = 1;

type CacheWrite =
  /** Without a body it is gone. */
  | {
      readonly type: "service";
      readonly backend: string;
      readonly key: DiscoveredKey;
      readonly body: string | undefined;
    }
  | { readonly type: "synced"; readonly backend: string; readonly at: number }
  | { readonly type: "removed"; readonly backend: string; readonly isRemoved: boolean }
  /** Nothing of the backend is remembered. */
  | { readonly type: "forget"; readonly backend: string };

/**
 * The cache in one SQLite file (mode 0600), written soon after it was told. A file that cannot be read is thrown away: it
 * holds nothing that the platforms do not have.
 */
export class SqliteCache implements DiscoveryCache {
  readonly #database: KeptDatabase;
  readonly #writes: WriteBehind<string, CacheWrite>;

  constructor(file: string, log: Logger) {
    const putAway = (error: unknown, suffixes: readonly string[]): void => {
      log.warn("the discovery cache cannot be read and is begun anew", { file, error: errorMessage(error) });
      for (const suffix of suffixes) rmSync(file + suffix);
    };
    this.#database = new KeptDatabase({ file, prepare: makeTables, putAway });
    this.#writes = new WriteBehind({
      database: this.#database,
      write: (_, write) => runWrite(this.#database, write),
      log,
      what: "discovered services",
      loss: "a start without their platform's API would not serve them as they are now",
    });
  }

  load(backend: string): Remembered {
    this.#writes.flush();
    const row = this.#database.statement("SELECT synced_at, removed FROM backend WHERE name = ?").get(backend);
    const bodies = this.#database.statement("SELECT body FROM service WHERE backend = ? ORDER BY key").all(backend);
    return {
      services: bodies.map(({ body }) => JSON.parse(body as string) as DiscoveredService),
      syncedAt: (row?.["synced_at"] as number | null | undefined) ?? undefined,
      isRemoved: row?.["removed"] === 1,
    };
  }

  save(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void {
    const note = (key: DiscoveredKey, body: string | undefined): void => {
      this.#writes.set(`service/${backend}/${key}`, { type: "service", backend, key, body });
    };
    for (const service of removals) note(discoveredKey(service), undefined);
    for (const service of upserts) note(discoveredKey(service), JSON.stringify(service));
    // After the last row: what is not all there is not in step.
    const synced = this.#writes.get(`synced/${backend}`);
    if (synced?.type === "synced") this.inStep(backend, synced.at);
  }

  inStep(backend: string, at: number): void {
    this.#writes.set(`synced/${backend}`, { type: "synced", backend, at });
  }

  markRemoved(backend: string, isRemoved: boolean): void {
    this.#writes.set(`removed/${backend}`, { type: "removed", backend, isRemoved });
    this.#writes.flush();
  }

  keepOnly(backends: readonly string[]): readonly string[] {
    this.#writes.flush();
    const rows = this.#database.statement("SELECT name FROM backend UNION SELECT DISTINCT backend FROM service").all();
    const gone = rows.map(({ name }) => String(name)).filter((name) => !backends.includes(name));
    for (const backend of gone) this.#writes.set(`forget/${backend}`, { type: "forget", backend });
    this.#writes.flush();
    return gone.sort();
  }

  close(): void {
    this.#writes.close();
  }
}

const STATEMENTS = {
  put: `INSERT INTO service (backend, key, body) VALUES (?, ?, ?)
    ON CONFLICT (backend, key) DO UPDATE SET body = excluded.body`,
  delete: "DELETE FROM service WHERE backend = ? AND key = ?",
  synced:
    "INSERT INTO backend (name, synced_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET synced_at = excluded.synced_at",
  removed:
    "INSERT INTO backend (name, removed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET removed = excluded.removed",
  forgetServices: "DELETE FROM service WHERE backend = ?",
  forget: "DELETE FROM backend WHERE name = ?",
} as const;

function runWrite(database: KeptDatabase, write: CacheWrite): void {
  const run = (name: keyof typeof STATEMENTS, ...values: (string | number)[]): void => {
    database.statement(STATEMENTS[name]).run(...values);
  };
  const { backend } = write;
  switch (write.type) {
    case "service":
      if (write.body === undefined) run("delete", backend, write.key);
      else run("put", backend, write.key, write.body);
      break;
    case "synced":
      run("synced", backend, write.at);
      break;
    case "removed":
      run("removed", backend, write.isRemoved ? 1 : 0);
      break;
    case "forget":
      run("forgetServices", backend);
      run("forget", backend);
      break;
    default:
      unreachable(write);
  }
}

function makeTables(database: DatabaseSync): void {
  if (database.prepare("PRAGMA user_version").get()?.["user_version"] === FORM) return;
  database.exec(`
    DROP TABLE IF EXISTS service;
    DROP TABLE IF EXISTS backend;
    CREATE TABLE service (
      backend TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (backend, key)) WITHOUT ROWID;
    CREATE TABLE backend (
      name TEXT PRIMARY KEY, synced_at INTEGER, removed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    PRAGMA user_version = ${FORM};
  `);
}

/** Forgets with the process: in cluster mode the home itself remembers. */
export class NoCache implements DiscoveryCache {
  load(): Remembered {
    return { services: [], syncedAt: undefined, isRemoved: false };
  }
  save(): void {}
  inStep(): void {}
  markRemoved(): void {}
  keepOnly(): readonly string[] {
    return [];
  }
  close(): void {}
}
