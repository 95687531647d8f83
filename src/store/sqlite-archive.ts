import { existsSync, renameSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { openDatabase } from "#lib/open-database.ts";
import { WriteAheadLog } from "#lib/write-ahead-log.ts";
import type { RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Archive, ArchivedObject, ArchivedRefusal } from "./archive.ts";

const WRITE_DELAY_MS = 50;
const ROWS_PER_TRANSACTION = 200;
/** Milliseconds until what could not be written is tried again. */
const RETRY_DELAY_MS = 5_000;

interface Write {
  readonly object: ArchivedObject;
  readonly form: Resource | undefined;
  /** What stands under the key is of an object that was forgotten: its form is not this one's. */
  readonly fresh: boolean;
}

/**
 * The archive in one SQLite file (mode 0600: it holds certificates' keys). Writes are gathered and go out in short
 * transactions between which the event loop runs, so that a first load of many objects stalls nothing.
 */
export class SqliteArchive implements Archive {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #selectForm: StatementSync;
  readonly #pending = new Map<RefKey, Write | "forget">();
  readonly #walLog: WriteAheadLog;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  /** Opens the file, or makes it. One that is no database is put aside as `FILE.unreadable`, and a new one begun. */
  constructor(file: string, log: Logger) {
    this.#log = log;
    this.#database = open(file, log);
    this.#walLog = new WriteAheadLog(file, this.#database, (error) => {
      log.warn("the write-ahead log of the objects' archive cannot be shortened", { error: errorMessage(error) });
    });
    this.#upsert = this.#database.prepare(
      `INSERT INTO object (key, first_seen, file, accepted_hash, refused, form) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET first_seen = excluded.first_seen, file = excluded.file,
         accepted_hash = excluded.accepted_hash, refused = excluded.refused, form = ifnull(excluded.form, object.form)`,
    );
    this.#delete = this.#database.prepare("DELETE FROM object WHERE key = ?");
    this.#selectForm = this.#database.prepare("SELECT form FROM object WHERE key = ?");
  }

  load(): Map<RefKey, ArchivedObject> {
    this.#writeAll();
    const rows = this.#database.prepare("SELECT key, first_seen, file, accepted_hash, refused FROM object").all();
    return new Map(
      rows.map((row) => [
        row["key"] as RefKey,
        {
          firstSeen: row["first_seen"] as number,
          file: row["file"] as string,
          acceptedHash: (row["accepted_hash"] as string | null) ?? undefined,
          refused: row["refused"] === null ? undefined : (JSON.parse(row["refused"] as string) as ArchivedRefusal),
        },
      ]),
    );
  }

  form(key: RefKey): Resource | undefined {
    const pending = this.#pending.get(key);
    if (pending === "forget") return undefined;
    if (pending?.form !== undefined || pending?.fresh === true) return pending.form;
    const text = this.#selectForm.get(key)?.["form"];
    return typeof text === "string" ? (JSON.parse(text) as Resource) : undefined;
  }

  save(key: RefKey, object: ArchivedObject, form?: Resource): void {
    const before = this.#pending.get(key);
    const fresh = before === "forget" || before?.fresh === true;
    const kept = form ?? (before === "forget" ? undefined : before?.form);
    // To the end of the row: what was just read is often accepted in a moment, and then written once.
    this.#pending.delete(key);
    this.#pending.set(key, { object, form: kept, fresh });
    this.#schedule();
  }

  forget(key: RefKey): void {
    this.#pending.set(key, "forget");
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#writeAll();
    this.#database.close();
  }

  #writeAll(): void {
    while (this.#pending.size > 0 && this.#writeSome());
  }

  #schedule(delay = WRITE_DELAY_MS): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const written = this.#writeSome();
      if (this.#pending.size > 0) this.#schedule(written ? WRITE_DELAY_MS : RETRY_DELAY_MS);
    }, delay).unref();
  }

  /** Returns whether they are written. A full disk passes: what could not be written waits for the next try. */
  #writeSome(): boolean {
    const rows = [...this.#pending.entries().take(ROWS_PER_TRANSACTION)];
    try {
      this.#database.exec("BEGIN");
      for (const [key, write] of rows) {
        if (write === "forget" || write.fresh) this.#delete.run(key);
        if (write !== "forget") this.#write(key, write.object, write.form);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      if (!this.#failing) {
        const message = "objects' accepted forms cannot be written; what they are now is lost with this process";
        this.#log.error(message, { error: errorMessage(error) });
      }
      this.#failing = true;
      return false;
    }
    for (const [key] of rows) this.#pending.delete(key);
    if (this.#failing) this.#log.info("objects' accepted forms are written again");
    this.#failing = false;
    this.#walLog.shorten();
    return true;
  }

  #write(key: RefKey, object: ArchivedObject, form: Resource | undefined): void {
    const refused = object.refused === undefined ? null : JSON.stringify(object.refused);
    const text = form === undefined ? null : JSON.stringify(form);
    this.#upsert.run(key, object.firstSeen, object.file, object.acceptedHash ?? null, refused, text);
  }
}

function open(file: string, log: Logger): DatabaseSync {
  try {
    return connect(file);
  } catch (error) {
    if (!existsSync(file)) throw new Error(`cannot make the objects' archive ${file}`, { cause: error });
    const aside = `${file}.unreadable`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
    }
    const message = "the objects' archive cannot be read and is begun anew: objects' ages and last good forms are lost";
    log.error(message, { aside, error: errorMessage(error) });
    return connect(file);
  }
}

function connect(file: string): DatabaseSync {
  return openDatabase(file, (database) =>
    database.exec(`
      CREATE TABLE IF NOT EXISTS object (
        key TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, file TEXT NOT NULL,
        accepted_hash TEXT, refused TEXT, form TEXT) WITHOUT ROWID;
    `),
  );
}
