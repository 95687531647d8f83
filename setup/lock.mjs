// One set-up at a time for one thing. The lock is a folder that holds its owner's name from the first moment (it is
// renamed into place), so that a lock without a living owner can be told from one that is just being made.
import { mkdirSync, readFileSync, renameSync, rmSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

const foreignLimit = 30 * 60_000;
const guardLimit = 60_000;
const held = new Set();
let serial = 0;

/** A process id may be given again; together with the start time it is unique. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

export const me = () => ({ pid: process.pid, started: startTime(process.pid), host: hostname() });

function ownerOf(path) {
  try {
    return JSON.parse(readFileSync(join(path, "owner"), "utf8"));
  } catch {
    return undefined;
  }
}

function age(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function isStale(path) {
  const owner = ownerOf(path);
  if (!owner) return age(path) > guardLimit;
  // Another machine's (or container's) processes cannot be seen from here: only time tells.
  if (owner.host !== hostname()) return age(path) > foreignLimit;
  return startTime(owner.pid) === undefined || startTime(owner.pid) !== owner.started;
}

const unique = (path, word) => `${path}.${word}-${process.pid}-${serial++}`;

function remove(path) {
  const trash = unique(path, "old");
  try {
    renameSync(path, trash);
    rmSync(trash, { recursive: true, force: true });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** Two waiting processes must not both judge a lock stale and remove each other's new one: judge again under a guard. */
function takeOver(path) {
  const guard = `${path}.guard`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (age(guard) > guardLimit) rmdirSync(guard);
    return;
  }
  try {
    if (isStale(path)) remove(path);
  } finally {
    rmdirSync(guard);
  }
}

/** True when the lock is ours now. */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  if (isStale(path)) takeOver(path);
  const mine = unique(path, "new");
  mkdirSync(mine);
  writeFileSync(join(mine, "owner"), JSON.stringify(me()));
  try {
    renameSync(mine, path);
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    if (error.code === "ENOTEMPTY" || error.code === "EEXIST") return false;
    throw error;
  }
  held.add(path);
  return true;
}

export function unlock(path) {
  if (held.delete(path)) remove(path);
}

process.on("exit", () => [...held].forEach(unlock));

const wait = () => new Promise((done) => setTimeout(done, 200));

export async function withLock(path, work, { pause = wait, onWait = () => {} } = {}) {
  let waited = false;
  while (!tryLock(path)) {
    if (!waited) onWait(ownerOf(path));
    waited = true;
    await pause();
  }
  try {
    return await work();
  } finally {
    unlock(path);
  }
}
