import assert from "node:assert/strict";
import { mkdirSync, mkdtempDisposableSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLogger, silentLogger } from "#lib/log.ts";
import { LastAnswers } from "./last-answers.ts";

test("a folder that cannot be written, as on a full disk, is told once and ends nothing", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "binnacle-names-"));
  const file = join(folder.path, "names.json");
  mkdirSync(`${file}.new`);
  const lines: string[] = [];
  const log = createLogger({ level: "info", format: "text", write: (line) => lines.push(line) });
  {
    using last = new LastAnswers(file, () => 0, log);
    last.set("a.example.com", ["10.0.0.1"]);
  }
  {
    using last = new LastAnswers(file, () => 0, log);
    last.set("a.example.com", ["10.0.0.1"]);
    rmdirSync(`${file}.new`);
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /answers of DNS cannot be kept/);
  assert.deepEqual(new LastAnswers(file, () => 0, log).get("a.example.com"), ["10.0.0.1"]);
});

test("the last answers outlive the process, but not for ever; a file that is spoilt is an empty one", () => {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-names-"));
  try {
    const file = join(folder, "names.json");
    let now = 0;
    const begin = () => new LastAnswers(file, () => now, silentLogger);
    {
      using last = begin();
      last.set("db.example.com", ["10.0.0.1"]);
      last.set("none.example.com", []);
    }
    {
      using again = begin();
      assert.deepEqual(again.get("db.example.com"), ["10.0.0.1"]);
      assert.deepEqual(again.get("none.example.com"), []);
      assert.equal(again.get("other.example.com"), undefined);
      now = 31 * 24 * 3_600_000;
      again.set("other.example.com", ["10.0.0.2"]);
    }
    assert.equal(begin().get("db.example.com"), undefined);
    assert.deepEqual(begin().get("other.example.com"), ["10.0.0.2"]);
    for (const text of ["{", "[]", '{"a": {"addresses": ["localhost"], "at": 1}}', '{"a": 1}']) {
      writeFileSync(file, text);
      assert.equal(begin().get("a"), undefined, text);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
