import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { loadSnapshotArchive } from "#xds/snapshot-archive-load.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { ArchiveHome, resource } from "./support/archive-home.ts";

test("a writer that is killed at any moment leaves one whole state", async () => {
  await using directory = await temporaryDirectory("archive");
  const file = join(directory.path, "snapshot.sqlite");
  for (let round = 0; round < 5; round++) {
    const writer = spawn(process.execPath, ["--input-type=module", "-e", WRITER, file], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: import.meta.dirname,
    });
    const exited = once(writer, "exit");
    await until(() => loadSnapshotArchive(file), { accept: ({ type }) => type === "loaded", what: "a whole state" });
    for (let lines = 0; lines < 3 + round; lines++) await once(writer.stdout, "data");
    writer.kill("SIGKILL");
    await exited;
    const loaded = loadSnapshotArchive(file);
    assert.ok(loaded.type === "loaded", loaded.type === "refused" ? loaded.reason : "");
    assert.equal(loaded.resources, 2_000);
    const generations = new Set(
      loaded.snapshot.names("virtualHost").map((name) => loaded.snapshot.get("virtualHost", name)!.clusters[0]),
    );
    assert.equal(generations.size, 1, `generations ${[...generations].join(", ")} stand side by side`);
  }
});

/** All hosts change together, again and again, and say in which generation; each is acknowledged at once. */
const WRITER = `
  import { Snapshot } from "#xds/snapshot.ts";
  import { SnapshotArchive } from "#xds/snapshot-archive.ts";
  import { bytesHash } from "#lib/canonical.ts";
  import { silentLogger } from "#lib/log.ts";
  import { packBytes } from "#lib/packed-bytes.ts";
  const snapshot = new Snapshot();
  new SnapshotArchive(process.argv[1], snapshot, silentLogger);
  let generation = 0;
  setInterval(() => {
    generation += 1;
    const resources = Array.from({ length: 2000 }, (_, index) => {
      const bytes = Buffer.from(process.pid + " " + generation + " " + index);
      return { type: "virtualHost", name: "t/" + index, version: bytesHash(bytes), bytes: packBytes(bytes), clusters: [String(generation)], sources: [] };
    });
    snapshot.apply(resources);
    snapshot.open();
    for (const made of resources) snapshot.acknowledge(made);
    process.stdout.write(".");
  }, 30);
`;

for (const [what, spoil, reason] of [
  [
    "is no database",
    (file: string) => writeFileSync(file, "not a database, only as long as one\n".repeat(50)),
    /not a database/,
  ],
  ["is empty", (file: string) => writeFileSync(file, ""), /not a snapshot archive/],
  ["is of another version", (file: string) => sql(file, "PRAGMA user_version = 99"), /version 99/],
  [
    "has a row that was changed",
    (file: string) => sql(file, "UPDATE resource SET bytes = x'00'"),
    /not what its version says/,
  ],
  ["is damaged in the middle", overwriteMiddle, /damaged|malformed|not what its version says|cannot be read/],
  ["was cut short", cutShort, /damaged|malformed|cannot be read/],
] as const) {
  test(`an archive that ${what} is refused as a whole, and made anew by its writer`, async () => {
    await using home = await ArchiveHome.create();
    const many = Array.from({ length: 400 }, (_, index) => resource("virtualHost", `t/${index}`, "x".repeat(500)));
    home.snapshot.apply(many);
    home.snapshot.open();
    home.acknowledge(...many);
    home.stop();
    spoil(home.file);
    assert.match(home.refusal(), reason);
    home.restart();
    if (!what.startsWith("has a row")) {
      assert.match(home.warnings.join("\n"), /made anew/);
      assert.match(home.refusal(), /no Envoy has acknowledged a whole configuration yet/);
    }
    const other = resource("virtualHost", "t/other");
    home.snapshot.apply([other]);
    home.snapshot.open();
    home.acknowledge(other);
    assert.deepEqual(home.reload().names("virtualHost"), ["t/other"]);
    assert.equal((statSync(home.file).mode & 0o777).toString(8), "600");
  });
}

test("an archive that another program holds is not taken for a bad one", async () => {
  await using home = await ArchiveHome.create();
  const shop = resource("virtualHost", "t/shop");
  home.snapshot.apply([shop]);
  home.snapshot.open();
  home.acknowledge(shop);
  home.stop();
  {
    using holder = new DatabaseSync(home.file);
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; UPDATE complete_since SET milliseconds = 1");
    assert.throws(
      () => home.restart(),
      (error: Error) => /cannot open the database/.test(error.message) && /locked/.test(String(error.cause)),
    );
  }
  assert.deepEqual(home.reload().names("virtualHost"), ["t/shop"]);
});

test("what cannot be written now is written later", async () => {
  await using home = await ArchiveHome.create();
  home.snapshot.open();
  home.flush();
  // As a full disk does it: the statement fails.
  sql(home.file, "CREATE TRIGGER full BEFORE INSERT ON resource BEGIN SELECT raise(FAIL, 'disk is full'); END");
  const shop = resource("virtualHost", "t/shop");
  home.snapshot.apply([shop]);
  home.acknowledge(shop);
  await until(() => home.errors.length > 0, { what: "the failure to be told" });
  assert.match(home.errors.join("\n"), /cannot be written.*disk is full/);
  sql(home.file, "DROP TRIGGER full");
  home.stop();
  assert.deepEqual(home.reload().names("virtualHost"), ["t/shop"]);
});

test("the write-ahead log is shortened while the archive is in use", async () => {
  await using home = await ArchiveHome.create();
  home.snapshot.open();
  const many = Array.from({ length: 1_500 }, (_, index) => resource("virtualHost", `t/${index}`, "x".repeat(10_000)));
  home.snapshot.apply(many);
  home.acknowledge(...many);
  home.flush();
  await until(() => sqlRow(home.file, "PRAGMA wal_checkpoint(NOOP)"), {
    accept: ({ log, checkpointed }) => Number(log) > 0 && log === checkpointed,
    what: "the checkpoint",
  });
  assert.equal(home.reload().count("virtualHost"), 1_500);
});

function sql(file: string, text: string): void {
  using database = new DatabaseSync(file);
  database.exec(text);
}

function sqlRow(file: string, text: string): Readonly<Record<string, unknown>> {
  using database = new DatabaseSync(file);
  return database.prepare(text).get() ?? {};
}

function overwriteMiddle(file: string): void {
  sql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(8_192, 0xa5), 0, 8_192, Math.floor(statSync(file).size / 2));
  closeSync(handle);
}

function cutShort(file: string): void {
  sql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  truncateSync(file, Math.floor(statSync(file).size / 2 / 4_096) * 4_096);
}
