import { existsSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { errorMessage } from "#lib/error-message.ts";
import { KeptDatabase } from "#lib/kept-database.ts";
import type { Logger } from "#lib/log.ts";
import { UnusableDatabase } from "#lib/open-sound-database.ts";
import { unpackBytes } from "#lib/packed-bytes.ts";
import { WriteAheadLog } from "#lib/write-ahead-log.ts";
import type { XdsResource, XdsType } from "./resource.ts";
import type { ResourceName } from "./snapshot.ts";
import { createArchiveTables, foreignFault } from "./snapshot-archive-schema.ts";

/** Type and name as one string, which a type without blanks keeps unambiguous. */
export type ArchiveKey = `${XdsType} ${string}`;

export function archiveKey({ type, name }: ResourceName): ArchiveKey {
  return `${type} ${name}`;
}

const WRITE_DELAY_MS = 50;
const RETRY_DELAY_MS = 5_000;
/** How long another process that writes the file is waited for. */
const WRITERS_TIMEOUT_MS = 2_000;
const ROWS_PER_TURN = 500;

const UPSERT =
  "INSERT OR REPLACE INTO resource (type, name, version, bytes, clusters, listeners, checked) VALUES (?, ?, ?, ?, ?, ?, ?)";
const DELETE = "DELETE FROM resource WHERE type = ? AND name = ?";

/** One transaction, written in parts between which the event loop runs. */
interface Batch {
  readonly writes: ReadonlyMap<ArchiveKey, XdsResource | "delete">;
  readonly rest: Iterator<[ArchiveKey, XdsResource | "delete"]>;
  readonly completes: boolean;
}

/**
 * The archive's SQLite file (mode 0600: it holds certificates' keys). What is written within {@link WRITE_DELAY_MS} becomes
 * one transaction, however large: a process that is killed leaves what was there before it, or all of it.
 */
export class SnapshotArchiveFile implements Disposable {
  readonly #database: KeptDatabase;
  readonly #log: Logger;
  #walLog: WriteAheadLog | undefined;
  #pending = new Map<ArchiveKey, XdsResource | "delete">();
  #completes = false;
  #batch: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #failing = false;
  #closed = false;

  /** Opens the file, or makes it. One that cannot be used is made anew: what it held is acknowledged again soon. */
  constructor(path: string, log: Logger) {
    this.#log = log;
    this.#database = open(path, log);
    const { fault } = this.#database;
    if (fault !== undefined) this.#fail(fault);
  }

  /** Version of each resource as the file has it. */
  versions(): Map<ArchiveKey, string> {
    const rows = this.#database.statement("SELECT type, name, version FROM resource").all();
    return new Map(
      rows.map((row) => [
        archiveKey({ type: row["type"] as XdsType, name: row["name"] as string }),
        String(row["version"]),
      ]),
    );
  }

  /** Whether the file has been marked so. */
  get isComplete(): boolean {
    return this.#database.statement("SELECT milliseconds FROM complete_since").get() !== undefined;
  }

  put(resource: XdsResource): void {
    this.#add(archiveKey(resource), resource);
  }

  delete(key: ArchiveKey): void {
    this.#add(key, "delete");
  }

  /** Marks what is written by then as a whole configuration, from which an Envoy can be served. */
  markComplete(): void {
    this.#completes = true;
    this.#schedule(WRITE_DELAY_MS);
  }

  /** Writes what is left now, without waiting for more. */
  flush(): void {
    while (!this.#failing && this.#hasWork()) this.#write(Infinity);
  }

  /** Writes what is left, and closes the file. */
  [Symbol.dispose](): void {
    this.#failing = false;
    this.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#database.close();
  }

  #add(key: ArchiveKey, write: XdsResource | "delete"): void {
    this.#pending.set(key, write);
    this.#schedule(WRITE_DELAY_MS);
  }

  #hasWork(): boolean {
    return this.#batch !== undefined || this.#pending.size > 0 || this.#completes;
  }

  #schedule(delay: number): void {
    if (this.#batch !== undefined || this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write(ROWS_PER_TURN);
    }, delay).unref();
  }

  /** Goes on with the batch, or begins one. */
  #write(rows: number): void {
    clearImmediate(this.#turn);
    const batch = (this.#batch ??= this.#take());
    let database: DatabaseSync | undefined;
    try {
      database = this.#database.open();
      this.#walLog ??= this.#followLog(database);
      if (!database.isTransaction) database.exec("BEGIN IMMEDIATE");
      if (this.#writeRows(batch, rows)) {
        this.#turn = setImmediate(() => this.#write(ROWS_PER_TURN)).unref();
        return;
      }
      if (batch.completes) this.#mark();
      database.exec("COMMIT");
    } catch (error) {
      if (database?.isTransaction === true) database.exec("ROLLBACK");
      this.#giveBack(batch, error);
      return;
    }
    if (this.#failing) this.#log.info("the snapshot archive is written again");
    this.#failing = false;
    this.#batch = undefined;
    if (this.#hasWork()) this.#schedule(WRITE_DELAY_MS);
    this.#walLog.shorten();
  }

  #take(): Batch {
    const writes = this.#pending;
    const completes = this.#completes;
    this.#pending = new Map();
    this.#completes = false;
    return { writes, rest: writes.entries(), completes };
  }

  /** True while there are more. */
  #writeRows({ rest }: Batch, rows: number): boolean {
    for (let row = 0; row < rows; row++) {
      const next = rest.next();
      if (next.done === true) return false;
      const [key, write] = next.value;
      if (write !== "delete") {
        this.#writeRow(write);
        continue;
      }
      const blank = key.indexOf(" ");
      this.#database.statement(DELETE).run(key.slice(0, blank), key.slice(blank + 1));
    }
    return true;
  }

  #writeRow({ type, name, version, bytes, clusters, listeners = [], checked = false }: XdsResource): void {
    const needs = [JSON.stringify(clusters), JSON.stringify(listeners), Number(checked)] as const;
    this.#database.statement(UPSERT).run(type, name, version, unpackBytes(bytes), ...needs);
  }

  #mark(): void {
    this.#database.statement("DELETE FROM complete_since").run();
    this.#database.statement("INSERT INTO complete_since VALUES (?)").run(Date.now());
  }

  /** A full disk passes: what could not be written is tried again, with what has come since on top of it. */
  #giveBack(batch: Batch, error: unknown): void {
    this.#pending = new Map([...batch.writes, ...this.#pending]);
    this.#completes ||= batch.completes;
    this.#batch = undefined;
    this.#fail(error);
    this.#schedule(RETRY_DELAY_MS);
  }

  #fail(error: unknown): void {
    if (!this.#failing) {
      this.#log.error("the snapshot archive cannot be written; an Envoy that restarts without us gets an older state", {
        error: errorMessage(error),
      });
    }
    this.#failing = true;
  }

  #followLog(database: DatabaseSync): WriteAheadLog {
    return new WriteAheadLog(this.#database.file, database, (error) => {
      this.#log.warn("the snapshot archive's log cannot be shortened", { error: errorMessage(error) });
    });
  }
}

/** One that is damaged, or that another version wrote, goes. */
function open(file: string, log: Logger): KeptDatabase {
  let wasThere = existsSync(file);
  const tell = (reason: string): void => log.warn("the snapshot archive is made anew", { file, reason });
  const prepare = (database: DatabaseSync): void => {
    if (isEmpty(database)) {
      if (wasThere) tell("it is empty");
      return createArchiveTables(database);
    }
    const fault = foreignFault(database);
    if (fault !== undefined) throw new UnusableDatabase(fault);
  };
  const putAway = (error: unknown, suffixes: readonly string[]): void => {
    tell(errorMessage(error));
    wasThere = false;
    for (const suffix of suffixes) rmSync(`${file}${suffix}`);
  };
  return new KeptDatabase({ file, prepare, putAway, timeout: WRITERS_TIMEOUT_MS });
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
}
