import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Known } from "./known.ts";
import { principalOfRole } from "./principal.ts";
import { SESSIONS_FILE, sessionsFile } from "./sessions-file.ts";
import { type SessionStorage, Sessions, type StoredSession } from "./sessions.ts";

const HOUR = 3_600_000;
const OPERATOR: Known = { principal: principalOfRole("operator", "admin", "all"), grounds: { type: "token" } };

async function stateDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "binnacle-sessions-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("a session outlives a restart, with its namespaces, and its cookie is not on disk", async (t) => {
  const state = await stateDirectory(t);
  const before = await Sessions.open(sessionsFile(state, "token"), () => 0);
  const shop: Known = {
    principal: principalOfRole("shop", "operator", new Set(["team-shop"])),
    grounds: { type: "user", name: "shop", mark: "mark" },
  };
  const id = await before.begin(shop);
  const after = await Sessions.open(sessionsFile(state, "token"), () => 0);
  assert.deepEqual(await after.find(id), shop);
  const file = join(state, SESSIONS_FILE);
  assert.equal((await readFile(file, "utf8")).includes(id), false);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test("another token ends all sessions", async (t) => {
  const state = await stateDirectory(t);
  const id = await (await Sessions.open(sessionsFile(state, "token"), () => 0)).begin(OPERATOR);
  const sessions = await Sessions.open(sessionsFile(state, "another"), () => 0);
  assert.equal(await sessions.find(id), undefined);
});

test("an ended session is over, also after a restart", async (t) => {
  const state = await stateDirectory(t);
  const sessions = await Sessions.open(sessionsFile(state, "token"), () => 0);
  const id = await sessions.begin(OPERATOR);
  await sessions.end(id);
  assert.equal(await sessions.find(id), undefined);
  assert.equal(await (await Sessions.open(sessionsFile(state, "token"), () => 0)).find(id), undefined);
});

test("a session ends a day after its last use, and a week after it began whatever its use", async (t) => {
  let now = 0;
  const sessions = await Sessions.open(sessionsFile(await stateDirectory(t), "token"), () => now);
  const used = await sessions.begin(OPERATOR);
  const idle = await sessions.begin(OPERATOR);
  for (; now < 7 * 24 * HOUR; now += 20 * HOUR)
    assert.notEqual(await sessions.find(used), undefined, `hour ${now / HOUR}`);
  assert.equal(await sessions.find(used), undefined);
  assert.equal(await sessions.find(idle), undefined);
});

test("one user's many sessions push out their own, not another's", async (t) => {
  const sessions = await Sessions.open(sessionsFile(await stateDirectory(t), "token"), () => 0);
  const other = await sessions.begin(OPERATOR);
  const shop: Known = {
    principal: principalOfRole("shop", "viewer", new Set(["team-shop"])),
    grounds: { type: "user", name: "shop", mark: "mark" },
  };
  const ids: string[] = [];
  for (let count = 0; count < 21; count++) ids.push(await sessions.begin(shop));
  assert.notEqual(await sessions.find(other), undefined);
  assert.equal(await sessions.find(ids[0]!), undefined);
  for (const id of ids.slice(1)) assert.notEqual(await sessions.find(id), undefined);
});

for (const [what, text] of [
  ["cut off", '{"token":"x","sess'],
  ["of another shape", '{"sessions":[{"hash":1}]}'],
  ["empty", ""],
] as const) {
  test(`a sessions file that is ${what} is as good as none`, async (t) => {
    const state = await stateDirectory(t);
    await writeFile(join(state, SESSIONS_FILE), text);
    const sessions = await Sessions.open(sessionsFile(state, "token"), () => 0);
    assert.notEqual(await sessions.find(await sessions.begin(OPERATOR)), undefined);
  });
}

test("a disk that takes nothing keeps nobody out, and what it missed is saved once it does", async () => {
  let [now, isFull] = [0, true];
  let saved: readonly StoredSession[] = [];
  const storage: SessionStorage = {
    load: async () => [],
    save: async (sessions) => {
      if (isFull) throw new Error("ENOSPC: no space left on device, write");
      saved = sessions;
    },
  };
  const sessions = await Sessions.open(storage, () => now);
  const [stays, goes] = [await sessions.begin(OPERATOR), await sessions.begin(OPERATOR)];
  now = HOUR;
  assert.deepEqual(await sessions.find(stays), OPERATOR);
  await sessions.end(goes);
  assert.equal(await sessions.find(goes), undefined);
  isFull = false;
  assert.deepEqual(saved, []);
  now += 10_000;
  await sessions.find(stays);
  assert.equal(saved.length, 1);
});
