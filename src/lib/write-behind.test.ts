import assert from "node:assert/strict";
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { createLogger } from "./log.ts";
import { openDatabase } from "./open-database.ts";
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
    kept.database.exec("PRAGMA max_page_count = 1");
    kept.writes.set("a", "x".repeat(20_000));
    kept.writes.close();
    assert.equal(kept.database.isOpen, false);
  });
});

class Kept implements Disposable {
  readonly #directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-write-behind-"));
  readonly database: DatabaseSync;
  readonly writes: WriteBehind<string, string>;
  readonly lines: string[] = [];
  readonly written: string[] = [];

  constructor() {
    const file = join(this.#directory.path, "rows.db");
    this.database = openDatabase(file, (database) =>
      database.exec("CREATE TABLE row (key TEXT PRIMARY KEY, text TEXT)"),
    );
    const upsert = this.database.prepare("INSERT OR REPLACE INTO row VALUES (?, ?)");
    this.writes = new WriteBehind({
      file,
      database: this.database,
      write: (key, text) => {
        upsert.run(key, text);
        this.written.push(`${key}=${text}`);
      },
      log: createLogger({ level: "info", format: "text", write: (line) => this.lines.push(line) }),
      what: "answers",
      loss: "they are asked for again",
    });
  }

  rows(): Record<string, unknown> {
    const rows = this.database.prepare("SELECT key, text FROM row").all();
    return Object.fromEntries(rows.map(({ key, text }) => [String(key), text]));
  }

  [Symbol.dispose](): void {
    if (this.database.isOpen) this.writes.close();
    this.#directory[Symbol.dispose]();
  }
}
