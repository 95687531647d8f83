import { DatabaseSync, type StatementSync } from "node:sqlite";
import { databaseInMemory } from "./database-in-memory.ts";
import { isDiskFault } from "./disk-fault.ts";
import { checkSound, isUnreadable, openSoundDatabase, type SoundDatabase } from "./open-sound-database.ts";

/**
 * A SQLite file of ours that can be read also while its disk takes nothing: a start on a full disk then knows what an earlier run
 * kept. What is read comes from a copy in memory until {@link open} succeeds. Only we write the file: the copy stays true.
 */
export class KeptDatabase {
  readonly #options: SoundDatabase;
  readonly #statements = new Map<string, StatementSync>();
  #written: DatabaseSync | undefined;
  #copy: DatabaseSync | undefined;
  #fault: unknown;

  /** Throws as {@link openSoundDatabase}, but not for what the disk is to blame for, where the file can be read. */
  constructor(options: SoundDatabase) {
    this.#options = options;
    try {
      this.#written = openSoundDatabase(options);
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      this.#fault = error;
      this.#copy = readable(options, error);
    }
  }

  get file(): string {
    return this.#options.file;
  }

  /** Why nothing can be written, when that was last tried; undefined: it can. */
  get fault(): unknown {
    return this.#fault;
  }

  /** A statement, prepared once: on the file, or as long as that cannot be written on its copy, where writing keeps nothing. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const database = this.#written ?? this.#copy;
    if (database === undefined) throw this.#closed();
    const statement = database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** The file, to write it. Throws as long as its disk takes nothing. */
  open(): DatabaseSync {
    if (this.#written !== undefined) return this.#written;
    if (this.#copy === undefined) throw this.#closed();
    const file = openSoundDatabase(this.#options);
    this.#statements.clear();
    this.#copy?.close();
    this.#copy = undefined;
    this.#fault = undefined;
    this.#written = file;
    return file;
  }

  close(): void {
    this.#statements.clear();
    this.#written?.close();
    this.#copy?.close();
    this.#written = undefined;
    this.#copy = undefined;
  }

  #closed(): Error {
    return new Error(`the database ${this.#options.file} is closed`);
  }
}

/** One that is damaged, or of no use, is begun anew once it can be written: until then it is empty. */
function readable({ file, prepare }: SoundDatabase, fault: unknown): DatabaseSync {
  let database: DatabaseSync;
  try {
    database = databaseInMemory(file);
  } catch {
    throw fault;
  }
  try {
    checkSound(database);
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    if (!isUnreadable(error)) throw error;
    const empty = new DatabaseSync(":memory:");
    prepare(empty);
    return empty;
  }
}
