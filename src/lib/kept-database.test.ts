import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempDisposableSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { KeptDatabase } from "./kept-database.ts";

/** A link that leads nowhere, where SQLite wants to make a file, stands for a disk that takes none; a test of the whole appliance has a full one. */
suite("a database whose disk takes nothing", () => {
  test("is read as it was kept, and opened once it can be", () => {
    using place = new Place();
    place.keep("one");
    symlinkSync("/nowhere/at/all", `${place.file}-wal`);
    using database = place.open();
    assert.ok(database.fault instanceof Error);
    assert.deepEqual(rowsOf(database), ["one"]);
    assert.throws(() => database.open(), /cannot open the database .*kept\.db \(look whether its disk is full/);
    database.statement("INSERT INTO t VALUES (?)").run("nowhere");
    rmSync(`${place.file}-wal`);
    database.open();
    assert.equal(database.fault, undefined);
    assert.deepEqual(rowsOf(database), ["one"], "what was written into the copy was kept nowhere");
    database.statement("INSERT INTO t VALUES (?)").run("two");
    database.close();
    assert.deepEqual(place.rows(), ["one", "two"]);
  });

  test("is read with its write-ahead log, as a machine leaves it that loses its power", () => {
    using place = new Place();
    place.keep("one");
    using running = new DatabaseSync(place.file);
    running.exec("PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES ('two')");
    using other = new Place();
    for (const suffix of ["", "-wal"]) copyFileSync(place.file + suffix, other.file + suffix);
    symlinkSync("/nowhere/at/all", `${other.file}-shm`);
    using database = other.open();
    assert.notEqual(database.fault, undefined);
    assert.deepEqual(rowsOf(database), ["one", "two"]);
  });

  test("is empty where there is none yet, and where what is there is none", () => {
    using place = new Place();
    symlinkSync("/nowhere/at/all", `${place.file}-wal`);
    using first = place.open();
    assert.deepEqual(rowsOf(first), []);
    using other = new Place();
    writeFileSync(
      other.file,
      "no database, and long enough to be looked at as one by SQLite: it reads 100 bytes of it first",
    );
    symlinkSync("/nowhere/at/all", `${other.file}-wal`);
    using second = other.open();
    assert.deepEqual(rowsOf(second), []);
    assert.deepEqual([other.isPutAway, second.fault === undefined], [true, false]);
  });

  test("ends the start where it cannot be read either", () => {
    using place = new Place();
    mkdirSync(place.file);
    assert.throws(() => place.open(), /cannot open the database/);
  });
});

test("what is not the disk's fault ends the start: another process that writes it", () => {
  using place = new Place();
  place.keep("one");
  using other = new DatabaseSync(place.file);
  other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  assert.throws(() => place.open(), /cannot open the database/);
});

function rowsOf(database: KeptDatabase): unknown[] {
  return database
    .statement("SELECT a FROM t")
    .all()
    .map(({ a }) => a);
}

class Place implements Disposable {
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-kept-"));
  isPutAway = false;

  get file(): string {
    return join(this.#directory.path, "kept.db");
  }

  open(): KeptDatabase & Disposable {
    const database = new KeptDatabase({
      file: this.file,
      prepare: (opened) => opened.exec("CREATE TABLE IF NOT EXISTS t (a TEXT)"),
      putAway: (_, suffixes) => {
        this.isPutAway = true;
        for (const suffix of suffixes) rmSync(this.file + suffix);
      },
    });
    return Object.assign(database, { [Symbol.dispose]: () => database.close() });
  }

  keep(row: string): void {
    using database = this.open();
    database.statement("INSERT INTO t VALUES (?)").run(row);
  }

  rows(): unknown[] {
    using database = this.open();
    return rowsOf(database);
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}
