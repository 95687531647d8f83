import assert from "node:assert/strict";
import { mkdtempDisposableSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { createLogger, silentLogger } from "#lib/log.ts";
import { refKey } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import { type Archive, type ArchivedObject, MemoryArchive } from "./archive.ts";
import { SqliteArchive } from "./sqlite-archive.ts";

const KEY = refKey({ kind: "Namespace", namespace: "", name: "team" });
const FORM: Resource = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "team", namespace: "", labels: {}, annotations: { words: "ünï ✓ 'quoted'" } },
};
const OBJECT: ArchivedObject = { firstSeen: 1_767_225_600_123, file: "a.yaml", acceptedHash: "1", refused: undefined };
const REFUSED: ArchivedObject = {
  ...OBJECT,
  refused: { hash: "7", by: "envoy", problems: [{ severity: "error", path: "", message: "no" }], since: 5 },
};

interface Opened {
  readonly archive: Archive;
  /** Closes it and opens it again, where that keeps anything. */
  readonly reopen: () => Archive;
  readonly end: () => void;
}

/** One contract for every archive. */
function contract(name: string, open: () => Opened): void {
  const check = (title: string, run: (archive: Archive, reopen: () => Archive) => void): void => {
    void test(title, () => {
      const { archive, reopen, end } = open();
      try {
        run(archive, reopen);
      } finally {
        end();
      }
    });
  };
  suite(name, () => {
    check("what was saved is there, at once and after closing", (archive, reopen) => {
      archive.save(KEY, OBJECT, FORM);
      assert.deepEqual(archive.form(KEY), FORM);
      const again = reopen();
      assert.deepEqual([...again.load()], [[KEY, OBJECT]]);
      assert.deepEqual(again.form(KEY), FORM);
    });
    check("what was saved is read, before it is written", (archive) => {
      archive.save(KEY, OBJECT, FORM);
      assert.deepEqual([...archive.load()], [[KEY, OBJECT]]);
    });
    check("saving without a form keeps the one that is there", (archive, reopen) => {
      archive.save(KEY, OBJECT, FORM);
      archive.save(KEY, REFUSED);
      assert.deepEqual(archive.form(KEY), FORM);
      const again = reopen();
      again.save(KEY, { ...REFUSED, file: "b.yaml" });
      const last = reopen();
      assert.deepEqual([last.load().get(KEY), last.form(KEY)], [{ ...REFUSED, file: "b.yaml" }, FORM]);
    });
    check("what was forgotten is gone with its form, also when it comes back", (archive, reopen) => {
      archive.save(KEY, OBJECT, FORM);
      const again = reopen();
      again.forget(KEY);
      assert.equal(again.form(KEY), undefined);
      again.save(KEY, { ...OBJECT, acceptedHash: undefined });
      assert.equal(again.form(KEY), undefined);
      const last = reopen();
      assert.deepEqual([last.load().size, last.form(KEY)], [1, undefined]);
      last.forget(KEY);
      assert.equal(reopen().load().size, 0);
    });
    check("thousands of objects", (archive, reopen) => {
      const keys = Array.from({ length: 3_000 }, (_, index) =>
        refKey({ kind: "Service", namespace: "t", name: `s${index}` }),
      );
      for (const key of keys) archive.save(key, OBJECT, FORM);
      assert.equal(reopen().load().size, keys.length);
    });
    check("a form of nothing", (archive) => {
      assert.deepEqual([archive.form(KEY), archive.load().size], [undefined, 0]);
      archive.forget(KEY);
    });
  });
}

contract("MemoryArchive", () => {
  const archive = new MemoryArchive();
  return { archive, reopen: () => archive, end: () => archive.close() };
});

contract("SqliteArchive", () => {
  const directory = mkdtempSync(join(tmpdir(), "binnacle-archive-"));
  const file = join(directory, "archive.sqlite");
  let archive = new SqliteArchive(file, silentLogger);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  return {
    archive,
    reopen: () => {
      archive.close();
      archive = new SqliteArchive(file, silentLogger);
      return archive;
    },
    end: () => {
      archive.close();
      rmSync(directory, { recursive: true });
    },
  };
});

test("what cannot be written now is kept, told once, and written later", () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-archive-"));
  const file = join(directory.path, "archive.sqlite");
  const lines: string[] = [];
  const log = createLogger({ level: "info", format: "text", write: (line) => lines.push(line) });
  const archive = new SqliteArchive(file, log);
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  archive.save(KEY, OBJECT, FORM);
  assert.equal(archive.load().size, 0);
  assert.equal(archive.load().size, 0);
  assert.deepEqual(archive.form(KEY), FORM);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /cannot be written.*locked/);
  other.close();
  assert.equal(archive.load().size, 1);
  assert.match(lines[1] ?? "", /written again/);
  archive.close();
});

test("a file that is damaged is put aside", () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-archive-"));
  const file = join(directory.path, "archive.sqlite");
  const first = new SqliteArchive(file, silentLogger);
  for (let index = 0; index < 500; index++) {
    first.save(refKey({ kind: "Service", namespace: "t", name: `s${index}` }), OBJECT, FORM);
  }
  first.close();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 8_192));
  const lines: string[] = [];
  const log = createLogger({ level: "info", format: "text", write: (line) => lines.push(line) });
  const archive = new SqliteArchive(file, log);
  assert.match(lines.join(""), /begun anew.*unreadable/);
  assert.equal(archive.load().size, 0);
  archive.close();
});

test("a file that is no database is put aside", () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), "binnacle-archive-"));
  const file = join(directory.path, "archive.sqlite");
  writeFileSync(file, "not a database at all, but some text that stands where one is expected\n".repeat(20));
  const lines: string[] = [];
  const archive = new SqliteArchive(
    file,
    createLogger({ level: "info", format: "text", write: (line) => lines.push(line) }),
  );
  assert.match(lines.join(""), /begun anew.*unreadable/);
  archive.save(KEY, OBJECT, FORM);
  archive.close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(`${file}.unreadable`, "utf8"), /^not a database/);
});
