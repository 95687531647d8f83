import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { me, tryLock, unlock, withLock } from "./lock.mjs";

let folder;
let path;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "binnacle-lock-"));
  path = join(folder, "thing.lock");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lockOf(owner) {
  mkdirSync(path);
  writeFileSync(join(path, "owner"), JSON.stringify(owner));
}

test("a lock is held once, and leaves nothing behind", () => {
  assert.equal(tryLock(path), true);
  assert.equal(tryLock(path), false);
  unlock(path);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(tryLock(path), true);
  unlock(path);
});

test("a lock whose owner has ended is taken over", () => {
  lockOf({ ...me(), pid: 2 ** 22 + 1 });
  assert.equal(tryLock(path), true);
  unlock(path);
  assert.deepEqual(readdirSync(folder), []);
});

test("a lock whose owner's process id now belongs to another process is taken over", () => {
  lockOf({ ...me(), started: "1" });
  assert.equal(tryLock(path), true);
  unlock(path);
});

test("a living owner keeps its lock", () => {
  lockOf(me());
  assert.equal(tryLock(path), false);
});

test("the lock of another host is kept until it is old", () => {
  lockOf({ pid: 1, started: "1", host: "elsewhere.example" });
  assert.equal(tryLock(path), false);
  const anHourAgo = Date.now() / 1000 - 3600;
  utimesSync(path, anHourAgo, anHourAgo);
  assert.equal(tryLock(path), true);
  unlock(path);
});

test("while another one takes a stale lock over, it is not touched", () => {
  lockOf({ ...me(), started: "1" });
  mkdirSync(`${path}.guard`);
  assert.equal(tryLock(path), false);
  assert.equal(existsSync(path), true);
});

test("the one who waits gets it after the first has ended, and says once that it waits", async () => {
  const events = [];
  let release;
  const first = withLock(path, () => new Promise((done) => (release = done)));
  const pause = async () => {
    events.push("pause");
    if (events.length === 4) {
      release();
      await first;
    }
  };
  const onWait = (owner) => events.push(`waiting for ${owner.pid === process.pid ? "us" : "whom?"}`);
  await withLock(path, async () => events.push("work"), { pause, onWait });
  assert.deepEqual(events, ["waiting for us", "pause", "pause", "pause", "work"]);
  assert.deepEqual(readdirSync(folder), []);
});

test("work that fails gives the lock back", async () => {
  await assert.rejects(
    withLock(path, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(existsSync(path), false);
});
