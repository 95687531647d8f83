import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LastAnswers } from "./last-answers.ts";

test("the last answers outlive the process, but not for ever; a file that is spoilt is an empty one", () => {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-names-"));
  try {
    const file = join(folder, "names.json");
    let now = 0;
    const begin = () => new LastAnswers(file, () => now);
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
