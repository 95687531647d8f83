import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { silentLogger } from "#lib/log.ts";
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

  test("a file that is none is begun anew", async () => {
    await using directory = await folder();
    const file = join(directory.path, "discovery.db");
    writeFileSync(file, "this is no database, and it is long enough to be looked at as one by SQLite");
    const cache = new SqliteCache(file, silentLogger);
    assert.deepEqual(cache.load("east").services, []);
    cache.close();
  });
});
