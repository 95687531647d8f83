import assert from "node:assert/strict";
import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LogFile } from "./log-file.ts";

function path(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "binnacle-log-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "envoy.log");
}

test("what a process wrote is told from what was there before", (t) => {
  const log = new LogFile(path(t));
  writeFileSync(log.path, "before\n");
  const { fd, start } = log.open(false);
  writeSync(fd, "mine\n");
  assert.equal(log.since(start), "mine\n");
  closeSync(fd);
});

test("a full file is put aside at a start, and the one before it goes", (t) => {
  const log = new LogFile(path(t), 10);
  for (const text of ["first, full\n", "second, full\n", "third\n"]) {
    const { fd } = log.open(false);
    writeSync(fd, text);
    closeSync(fd);
  }
  assert.equal(readFileSync(log.path, "utf8"), "third\n");
  assert.equal(readFileSync(`${log.path}.1`, "utf8"), "second, full\n");
});

test("a file that a process writes to is emptied under it, and goes on from its beginning", (t) => {
  const log = new LogFile(path(t), 10);
  const { fd, start } = log.open(false);
  writeSync(fd, "not full\n");
  log.bound();
  writeSync(fd, "full now\n");
  log.bound();
  assert.equal(readFileSync(`${log.path}.1`, "utf8"), "not full\nfull now\n");
  writeSync(fd, "after\n");
  assert.equal(readFileSync(log.path, "utf8"), "after\n");
  assert.equal(log.since(start), "after\n");
  closeSync(fd);
});

test("another process's file is not taken from under it, and no file is no words", (t) => {
  const log = new LogFile(path(t), 10);
  assert.equal(log.since(0), "");
  const old = log.open(false);
  writeSync(old.fd, "full of words\n");
  const fresh = log.open(true);
  writeSync(old.fd, "old\n");
  writeSync(fresh.fd, "new\n");
  assert.equal(log.since(fresh.start), "old\nnew\n");
  closeSync(old.fd);
  closeSync(fresh.fd);
});

test("a file that cannot be copied is emptied all the same: on a full disk its room is needed most", (t) => {
  const log = new LogFile(path(t), 10);
  mkdirSync(`${log.path}.1`);
  writeFileSync(log.path, "full of words\n");
  log.bound();
  assert.equal(readFileSync(log.path, "utf8"), "");
});
