import assert from "node:assert/strict";
import { mkdtempDisposableSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { KeptDatabase } from "./kept-database.ts";
import { createLogger } from "./log.ts";
import { WriteBehind } from "./write-behind.ts";

suite("rows that are written soon", () => {
  test("each is written once, in its last form, after those that were told of before", () => {
    using kept = new Kept();
    kept.writes.set("a", "1");
    kept.writes.set("b", "1");
    kept.writes.set("a", "2");
    assert.equal(kept.writes.get("a"), "2");
    kept.writes.flush();
    assert.deepEqual(kept.written, ["b=1", "a=2"]);
    assert.equal(kept.writes.get("a"), undefined);
    assert.deepEqual(kept.rows(), { a: "2", b: "1" });
  });

  test("on a full disk nothing is given up, it is said once, and what came since is written with it", () => {
    using kept = new Kept();
    const [{ page_count: pages } = {}] = kept.database.prepare("PRAGMA page_count").all();
    kept.database.exec(`PRAGMA max_page_count = ${Number(pages)}`);
    const long = "x".repeat(20_000);
    for (let index = 0; index < 300; index++) kept.writes.set(`k${index}`, long);
    kept.writes.flush();
    kept.writes.flush();
    assert.equal(kept.writes.get("k0"), long);
    assert.deepEqual(kept.rows(), {});
    assert.equal(kept.lines.length, 1);
    assert.match(kept.lines[0] ?? "", /error .*answers cannot be written; they are asked for again.*full/);
    kept.writes.set("k0", "short");
    kept.database.exec("PRAGMA max_page_count = 100000");
    kept.writes.flush();
    assert.equal(Object.keys(kept.rows()).length, 300);
    assert.equal(kept.rows()["k0"], "short");
    assert.match(kept.lines[1] ?? "", /answers are written again/);
    assert.equal(kept.lines.length, 2);
  });

  test("a close on a full disk ends", () => {
    using kept = new Kept();
    const { database } = kept;
    database.exec("PRAGMA max_page_count = 1");
    kept.writes.set("a", "x".repeat(20_000));
    kept.writes.close();
    assert.equal(database.isOpen, false);
  });

  test("where the file cannot even be opened, it is said at once, and all is written when it can", () => {
    using kept = new Kept((file) => symlinkSync("/nowhere/at/all", `${file}-wal`));
    assert.match(kept.lines[0] ?? "", /error .*answers cannot be written; they are asked for again/);
    kept.writes.set("a", "1");
    kept.writes.flush();
    assert.deepEqual([kept.writes.get("a"), kept.rows()], ["1", {}]);
    rmSync(`${kept.file}-wal`);
    kept.writes.flush();
    assert.deepEqual([kept.writes.get("a"), kept.rows()], [undefined, { a: "1" }]);
    assert.match(kept.lines[1] ?? "", /answers are written again/);
    assert.equal(kept.lines.length, 2);
  });
});

class Kept implements Disposable {
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-write-behind-"));
  readonly #kept: KeptDatabase;
  readonly writes: WriteBehind<string, string>;
  readonly lines: string[] = [];
  readonly written: string[] = [];

  /** @param prepare the place of the file */
  constructor(prepare = (_file: string): void => {}) {
    prepare(this.file);
    this.#kept = new KeptDatabase({
      file: this.file,
      prepare: (database) => database.exec("CREATE TABLE IF NOT EXISTS row (key TEXT PRIMARY KEY, text TEXT)"),
      putAway: () => assert.fail("the file is sound"),
    });
    this.writes = new WriteBehind({
      database: this.#kept,
      write: (key, text) => {
        this.#kept.statement("INSERT OR REPLACE INTO row VALUES (?, ?)").run(key, text);
        this.written.push(`${key}=${text}`);
      },
      log: createLogger({ level: "info", format: "text", write: (line) => this.lines.push(line) }),
      what: "answers",
      loss: "they are asked for again",
    });
  }

  get file(): string {
    return join(this.#directory.path, "rows.db");
  }

  get database(): DatabaseSync {
    return this.#kept.open();
  }

  rows(): Record<string, unknown> {
    const rows = this.#kept.statement("SELECT key, text FROM row").all();
    return Object.fromEntries(rows.map(({ key, text }) => [String(key), text]));
  }

  [Symbol.dispose](): void {
    this.writes.close();
    this.#directory[Symbol.dispose]();
  }
}
