import { renameSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { errorMessage } from "#lib/error-message.ts";
import { KeptDatabase } from "#lib/kept-database.ts";
import type { Logger } from "#lib/log.ts";
import { WriteBehind } from "#lib/write-behind.ts";
import type { RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Archive, ArchivedObject, ArchivedRefusal } from "./archive.ts";

interface Write {
  readonly object: ArchivedObject;
  readonly form: Resource | undefined;
  /** What stands under the key is of an object that was forgotten: its form is not this one's. */
  readonly fresh: boolean;
}

const UPSERT = `INSERT INTO object (key, first_seen, file, accepted_hash, refused, form) VALUES (?, ?, ?, ?, ?, ?)
   ON CONFLICT (key) DO UPDATE SET first_seen = excluded.first_seen, file = excluded.file,
     accepted_hash = excluded.accepted_hash, refused = excluded.refused, form = ifnull(excluded.form, object.form)`;

/** The archive in one SQLite file (mode 0600: it holds certificates' keys), written soon after it was told. */
export class SqliteArchive implements Archive {
  readonly #database: KeptDatabase;
  readonly #writes: WriteBehind<RefKey, Write | "forget">;

  /** Opens the file, or makes it. One that cannot be read is put aside as `FILE.unreadable`, and a new one begun. */
  constructor(file: string, log: Logger) {
    this.#database = open(file, log);
    this.#writes = new WriteBehind({
      database: this.#database,
      write: (key, write) => this.#write(key, write),
      log,
      what: "objects' accepted forms",
      loss: "what they are now is lost with this process",
    });
  }

  load(): Map<RefKey, ArchivedObject> {
    this.#writes.flush();
    const rows = this.#database.statement("SELECT key, first_seen, file, accepted_hash, refused FROM object").all();
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
    const pending = this.#writes.get(key);
    if (pending === "forget") return undefined;
    if (pending?.form !== undefined || pending?.fresh === true) return pending.form;
    const text = this.#database.statement("SELECT form FROM object WHERE key = ?").get(key)?.["form"];
    return typeof text === "string" ? (JSON.parse(text) as Resource) : undefined;
  }

  save(key: RefKey, object: ArchivedObject, form?: Resource): void {
    const before = this.#writes.get(key);
    const fresh = before === "forget" || before?.fresh === true;
    const kept = form ?? (before === "forget" ? undefined : before?.form);
    this.#writes.set(key, { object, form: kept, fresh });
  }

  forget(key: RefKey): void {
    this.#writes.set(key, "forget");
  }

  close(): void {
    this.#writes.close();
  }

  #write(key: RefKey, write: Write | "forget"): void {
    if (write === "forget" || write.fresh) this.#database.statement("DELETE FROM object WHERE key = ?").run(key);
    if (write === "forget") return;
    const { firstSeen, file, acceptedHash, refused } = write.object;
    const refusal = refused === undefined ? null : JSON.stringify(refused);
    const form = write.form === undefined ? null : JSON.stringify(write.form);
    this.#database.statement(UPSERT).run(key, firstSeen, file, acceptedHash ?? null, refusal, form);
  }
}

function open(file: string, log: Logger): KeptDatabase {
  const putAside = (error: unknown, suffixes: readonly string[]): void => {
    const aside = `${file}.unreadable`;
    for (const suffix of suffixes) renameSync(file + suffix, aside + suffix);
    const message = "the objects' archive cannot be read and is begun anew: objects' ages and last good forms are lost";
    log.error(message, { aside, error: errorMessage(error) });
  };
  return new KeptDatabase({ file, prepare: makeTables, putAway: putAside });
}

function makeTables(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS object (
      key TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, file TEXT NOT NULL,
      accepted_hash TEXT, refused TEXT, form TEXT) WITHOUT ROWID;
  `);
}
