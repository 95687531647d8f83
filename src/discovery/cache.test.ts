import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { createLogger, silentLogger } from "#lib/log.ts";
import { SqliteCache } from "./cache.ts";
import { discovered } from "./discovered-for-tests.ts";

const folder = () => mkdtempDisposable(join(tmpdir(), "binnacle-discovery-"));

suite("the discovery cache", () => {
  test("remembers services over a restart, for the owner alone", async () => {
    await using directory = await folder();
    const file = join(directory.path, "discovery.db");
    const first = new SqliteCache(file, silentLogger);
    first.save("east", [discovered("a"), discovered("b")], []);
    first.save("west", [discovered("a")], []);
    first.save("east", [discovered("a", ["10.0.0.9"])], [discovered("b")]);
    first.inStep("east", 7);
    first.close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const second = new SqliteCache(file, silentLogger);
    assert.deepEqual(second.load("east"), {
      services: [discovered("a", ["10.0.0.9"])],
      syncedAt: 7,
      isRemoved: false,
    });
    assert.deepEqual(second.keepOnly(["east"]), ["west"]);
    assert.deepEqual(second.load("west").services, []);
    second.markRemoved("east", true);
    assert.equal(second.load("east").isRemoved, true);
    second.markRemoved("east", false);
    assert.equal(second.load("east").isRemoved, false);
    second.markRemoved("east", true);
    assert.deepEqual(second.keepOnly([]), ["east"]);
    assert.equal(second.load("east").isRemoved, false);
    second.close();
  });

  test("what cannot be written now is told once, costs nobody a thing, and is written later", async () => {
    await using directory = await folder();
    const file = join(directory.path, "discovery.db");
    const lines: string[] = [];
    const log = createLogger({ level: "info", format: "text", write: (line) => lines.push(line) });
    const cache = new SqliteCache(file, log);
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    cache.save("east", [discovered("a"), discovered("b")], []);
    cache.inStep("east", 7);
    cache.markRemoved("west", true);
    assert.deepEqual(cache.load("east"), { services: [], syncedAt: undefined, isRemoved: false });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /discovered services cannot be written.*locked/);
    other.close();
    cache.close();
    assert.match(lines[1] ?? "", /written again/);
    const next = new SqliteCache(file, log);
    assert.deepEqual(next.load("east"), {
      services: [discovered("a"), discovered("b")],
      syncedAt: 7,
      isRemoved: false,
    });
    assert.equal(next.load("west").isRemoved, true);
    next.close();
    assert.equal(lines.length, 2);
  });

  test("a file that cannot be written at a start is kept: it has what is known of a platform that does not answer", async () => {
    await using directory = await folder();
    const file = join(directory.path, "discovery.db");
    const first = new SqliteCache(file, silentLogger);
    first.save("east", [discovered("a")], []);
    first.close();
    const other = new DatabaseSync(file);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    assert.throws(() => new SqliteCache(file, silentLogger), /cannot open the database .*discovery\.db/);
    other.close();
    const second = new SqliteCache(file, silentLogger);
    assert.deepEqual(second.load("east").services, [discovered("a")]);
    second.close();
  });

  test("a file of another form is begun anew", async () => {
    await using directory = await folder();
    const file = join(directory.path, "discovery.db");
    const first = new SqliteCache(file, silentLogger);
    first.save("east", [discovered("a")], []);
    first.close();
    const other = new DatabaseSync(file);
    other.exec("PRAGMA user_version = 99");
    other.close();
    const second = new SqliteCache(file, silentLogger);
    assert.deepEqual(second.load("east").services, []);
    second.close();
  });

  test("a file that is none is begun anew", async () => {
    await using directory = await folder();
    const file = join(directory.path, "discovery.db");
    writeFileSync(file, "this is no database, and it is long enough to be looked at as one by SQLite");
    const cache = new SqliteCache(file, silentLogger);
    assert.deepEqual(cache.load("east").services, []);
    cache.close();
  });
});
