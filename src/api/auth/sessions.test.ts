import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Principal } from "./principal.ts";
import { SESSIONS_FILE, sessionsFile } from "./sessions-file.ts";
import { Sessions } from "./sessions.ts";

const HOUR = 3_600_000;
const OPERATOR: Principal = { name: "operator", namespaces: "all" };

async function stateDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "binnacle-sessions-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("a session outlives a restart, with its namespaces, and its cookie is not on disk", async (t) => {
  const state = await stateDirectory(t);
  const before = await Sessions.open(sessionsFile(state, "token"), () => 0);
  const id = await before.begin({ name: "shop", namespaces: new Set(["team-shop"]) });
  const after = await Sessions.open(sessionsFile(state, "token"), () => 0);
  assert.deepEqual(await after.find(id), { name: "shop", namespaces: new Set(["team-shop"]) });
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
