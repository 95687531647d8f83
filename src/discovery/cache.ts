import { rmSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { openDatabase } from "#lib/open-database.ts";
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
  load(backend: string): Remembered;
  save(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void;
  inStep(backend: string, at: number): void;
  /** At once. */
  markRemoved(backend: string, isRemoved: boolean): void;
  /** Forgets every backend but these. Returns the names of those that it forgot. */
  keepOnly(backends: readonly string[]): readonly string[];
  /** Writes what is still to be written. */
  close(): void;
}

/** Another form of what is kept: what an earlier version wrote is not read. */
const FORM = 1;
const WRITE_DELAY_MS = 50;
const ROWS_PER_TRANSACTION = 200;

/**
 * The cache in one SQLite file (mode 0600). Like the store's archive it writes in short transactions between which the event
 * loop runs. A file that cannot be read is thrown away: it holds nothing that the platforms do not have.
 */
export class SqliteCache implements DiscoveryCache {
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<Record<"put" | "delete" | "synced" | "removed", StatementSync>>;
  readonly #services = new Map<string, { backend: string; key: string; body: string | undefined }>();
  readonly #synced = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string, log: Logger) {
    try {
      this.#database = open(file);
    } catch (error) {
      log.warn("the discovery cache cannot be read and is begun anew", { file, error: errorMessage(error) });
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
      this.#database = open(file);
    }
    this.#statements = {
      put: this.#database.prepare(
        `INSERT INTO service (backend, key, body) VALUES (?, ?, ?)
         ON CONFLICT (backend, key) DO UPDATE SET body = excluded.body`,
      ),
      delete: this.#database.prepare("DELETE FROM service WHERE backend = ? AND key = ?"),
      synced: this.#database.prepare(
        "INSERT INTO backend (name, synced_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET synced_at = excluded.synced_at",
      ),
      removed: this.#database.prepare(
        "INSERT INTO backend (name, removed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET removed = excluded.removed",
      ),
    };
  }

  load(backend: string): Remembered {
    this.#writeAll();
    const row = this.#database.prepare("SELECT synced_at, removed FROM backend WHERE name = ?").get(backend);
    const bodies = this.#database.prepare("SELECT body FROM service WHERE backend = ? ORDER BY key").all(backend);
    return {
      services: bodies.map(({ body }) => JSON.parse(body as string) as DiscoveredService),
      syncedAt: (row?.["synced_at"] as number | null | undefined) ?? undefined,
      isRemoved: row?.["removed"] === 1,
    };
  }

  save(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void {
    const note = (key: DiscoveredKey, body: string | undefined): void => {
      this.#services.set(`${backend}/${key}`, { backend, key, body });
    };
    for (const service of removals) note(discoveredKey(service), undefined);
    for (const service of upserts) note(discoveredKey(service), JSON.stringify(service));
    if (upserts.length + removals.length > 0) this.#schedule();
  }

  inStep(backend: string, at: number): void {
    this.#synced.set(backend, at);
    this.#schedule();
  }

  markRemoved(backend: string, isRemoved: boolean): void {
    this.#statements.removed.run(backend, isRemoved ? 1 : 0);
  }

  keepOnly(backends: readonly string[]): readonly string[] {
    this.#writeAll();
    const rows = this.#database.prepare("SELECT name FROM backend UNION SELECT DISTINCT backend FROM service").all();
    const gone = rows.map(({ name }) => name as string).filter((name) => !backends.includes(name));
    for (const name of gone) {
      this.#database.prepare("DELETE FROM service WHERE backend = ?").run(name);
      this.#database.prepare("DELETE FROM backend WHERE name = ?").run(name);
    }
    return gone.sort();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#writeAll();
    this.#database.close();
  }

  #writeAll(): void {
    while (this.#services.size + this.#synced.size > 0) this.#writeSome();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writeSome();
      if (this.#services.size > 0) this.#schedule();
    }, WRITE_DELAY_MS).unref();
  }

  #writeSome(): void {
    this.#database.exec("BEGIN");
    let rows = 0;
    for (const [id, { backend, key, body }] of this.#services) {
      if (rows++ === ROWS_PER_TRANSACTION) break;
      this.#services.delete(id);
      if (body === undefined) this.#statements.delete.run(backend, key);
      else this.#statements.put.run(backend, key, body);
    }
    // Only with the last row: what is not all there is not in step.
    if (this.#services.size === 0) {
      for (const [backend, at] of this.#synced) this.#statements.synced.run(backend, at);
      this.#synced.clear();
    }
    this.#database.exec("COMMIT");
  }
}

function open(file: string): DatabaseSync {
  return openDatabase(file, (database) => {
    if (database.prepare("PRAGMA user_version").get()?.["user_version"] !== FORM) {
      database.exec("DROP TABLE IF EXISTS service; DROP TABLE IF EXISTS backend;");
    }
    database.exec(`
      CREATE TABLE IF NOT EXISTS service (
        backend TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (backend, key)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS backend (
        name TEXT PRIMARY KEY, synced_at INTEGER, removed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
      PRAGMA user_version = ${FORM};
    `);
  });
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
