import type { DatabaseSync } from "node:sqlite";
import { errorMessage } from "./error-message.ts";
import type { KeptDatabase } from "./kept-database.ts";
import type { Logger } from "./log.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

const WRITE_DELAY_MS = 50;
const ROWS_PER_TRANSACTION = 200;
/** Milliseconds until what could not be written is tried again. */
const RETRY_DELAY_MS = 5_000;

export interface WriteBehindOptions<K, W> {
  /** Closed with this. */
  readonly database: KeptDatabase;
  /** Writes one row, within a transaction. */
  readonly write: (key: K, write: W) => void;
  readonly log: Logger;
  /** What is kept, in the plural, and what it means that it cannot be: the words of the log. */
  readonly what: string;
  readonly loss: string;
}

/**
 * What is to be written into a SQLite file soon. Writes are gathered and go out in short transactions between which the
 * event loop runs, so that a first load of many rows stalls nothing. A row is let go once it is committed: a full disk
 * passes, and what could not be written is tried again, also where the file could not even be opened.
 */
export class WriteBehind<K, W> {
  readonly #options: WriteBehindOptions<K, W>;
  readonly #pending = new Map<K, W>();
  #walLog: WriteAheadLog | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(options: WriteBehindOptions<K, W>) {
    this.#options = options;
    const { fault } = options.database;
    if (fault !== undefined) this.#fail(fault);
  }

  /** What waits under a key. */
  get(key: K): W | undefined {
    return this.#pending.get(key);
  }

  /** In place of what waits under the key, and after all else: what changes again in a moment is then written once. */
  set(key: K, write: W): void {
    this.#pending.delete(key);
    this.#pending.set(key, write);
    this.#schedule(WRITE_DELAY_MS);
  }

  /** Writes now what waits, as far as it can be written. */
  flush(): void {
    while (this.#pending.size > 0 && this.#writeSome());
  }

  /** Writes what waits, and closes the database. Once more does nothing. */
  close(): void {
    clearTimeout(this.#timer);
    this.flush();
    this.#options.database.close();
  }

  #schedule(delay: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const written = this.#writeSome();
      if (this.#pending.size > 0) this.#schedule(written ? WRITE_DELAY_MS : RETRY_DELAY_MS);
    }, delay).unref();
  }

  /** Returns whether they are written. */
  #writeSome(): boolean {
    const rows = [...this.#pending.entries().take(ROWS_PER_TRANSACTION)];
    let database: DatabaseSync | undefined;
    try {
      database = this.#options.database.open();
      this.#walLog ??= this.#followLog(database);
      database.exec("BEGIN");
      for (const [key, row] of rows) this.#options.write(key, row);
      database.exec("COMMIT");
    } catch (error) {
      if (database?.isTransaction === true) database.exec("ROLLBACK");
      this.#fail(error);
      return false;
    }
    for (const [key] of rows) this.#pending.delete(key);
    if (this.#failing) this.#options.log.info(`${this.#options.what} are written again`);
    this.#failing = false;
    this.#walLog.shorten();
    return true;
  }

  #followLog(database: DatabaseSync): WriteAheadLog {
    const { log, what } = this.#options;
    return new WriteAheadLog(this.#options.database.file, database, (error) => {
      log.warn(`the write-ahead log of ${what} cannot be shortened`, { error: errorMessage(error) });
    });
  }

  #fail(error: unknown): void {
    const { log, what, loss } = this.#options;
    if (!this.#failing) log.error(`${what} cannot be written; ${loss}`, { error: errorMessage(error) });
    this.#failing = true;
  }
}
