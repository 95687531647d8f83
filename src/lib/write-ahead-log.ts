import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";

/** 8 MB of log with SQLite's pages of 4 KB. */
const LONG_LOG_PAGES = 2_000;

/**
 * Keeps the write-ahead log of a SQLite file short, in place of SQLite itself. In a thread: what this waits for the disk, the
 * event loop would wait for it too (a tenth of a second for 20 MB).
 */
export class WriteAheadLog {
  readonly #path: string;
  readonly #length: StatementSync;
  readonly #onError: (error: unknown) => void;
  #thread: Worker | undefined;

  constructor(path: string, database: DatabaseSync, onError: (error: unknown) => void) {
    this.#path = path;
    database.exec("PRAGMA wal_autocheckpoint = 0");
    this.#length = database.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.#onError = onError;
  }

  /** To be called after a commit: begins to move the log into the file where it has become long. */
  shorten(): void {
    if (this.#thread !== undefined) return;
    const { log, checkpointed } = this.#length.get() ?? {};
    if (Number(log) - Number(checkpointed) < LONG_LOG_PAGES) return;
    this.#thread = new Worker(new URL("write-ahead-log-thread.ts", import.meta.url), { workerData: this.#path });
    this.#thread.unref();
    this.#thread.on("error", this.#onError);
    this.#thread.on("exit", () => (this.#thread = undefined));
  }
}
