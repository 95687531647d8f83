import { chmodSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Problem } from "#lib/problem.ts";
import type { RefKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";

/** What is remembered of an object over a restart. */
export interface ArchivedObject {
  /** Milliseconds since the epoch: when this appliance first saw the object (whose host claim is the older). */
  readonly firstSeen: number;
  /** The file of its last usable form. */
  readonly file: string;
  /** Content hash of the form that Envoy accepted, if any did. */
  readonly acceptedHash: string | undefined;
  readonly refused: ArchivedRefusal | undefined;
}

export interface ArchivedRefusal {
  readonly hash: string | undefined;
  readonly by: "validation" | "envoy";
  readonly problems: readonly Problem[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Where accepted forms outlive the process. */
export interface Archive {
  /** All that is remembered, with what was saved a moment ago. */
  load(): Map<RefKey, ArchivedObject>;
  /** The accepted form, or undefined when none is kept. */
  form(key: RefKey): Resource | undefined;
  /** Remembers; with `form` also the accepted form of that hash. Written soon, at the latest by {@link Archive.close}. */
  save(key: RefKey, object: ArchivedObject, form?: Resource): void;
  forget(key: RefKey): void;
  close(): void;
}

const WRITE_DELAY_MS = 50;
const ROWS_PER_TRANSACTION = 200;

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
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    chmodSync(file, 0o600);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS object (
        key TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, file TEXT NOT NULL,
        accepted_hash TEXT, refused TEXT, form TEXT) WITHOUT ROWID;
    `);
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
    while (this.#pending.size > 0) this.#writeSome();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writeSome();
      if (this.#pending.size > 0) this.#schedule();
    }, WRITE_DELAY_MS).unref();
  }

  #writeSome(): void {
    this.#database.exec("BEGIN");
    let rows = 0;
    for (const [key, write] of this.#pending) {
      if (rows++ === ROWS_PER_TRANSACTION) break;
      this.#pending.delete(key);
      if (write === "forget" || write.fresh) this.#delete.run(key);
      if (write !== "forget") this.#write(key, write.object, write.form);
    }
    this.#database.exec("COMMIT");
  }

  #write(key: RefKey, object: ArchivedObject, form: Resource | undefined): void {
    const refused = object.refused === undefined ? null : JSON.stringify(object.refused);
    const text = form === undefined ? null : JSON.stringify(form);
    this.#upsert.run(key, object.firstSeen, object.file, object.acceptedHash ?? null, refused, text);
  }
}

/** An archive that forgets: for checks and tests that keep no state. */
export class MemoryArchive implements Archive {
  readonly #objects = new Map<RefKey, ArchivedObject>();
  readonly #forms = new Map<RefKey, Resource>();

  load(): Map<RefKey, ArchivedObject> {
    return new Map(this.#objects);
  }

  form(key: RefKey): Resource | undefined {
    return this.#forms.get(key);
  }

  save(key: RefKey, object: ArchivedObject, form?: Resource): void {
    this.#objects.set(key, object);
    if (form !== undefined) this.#forms.set(key, form);
  }

  forget(key: RefKey): void {
    this.#objects.delete(key);
    this.#forms.delete(key);
  }

  close(): void {}
}
