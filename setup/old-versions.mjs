// What an earlier version of this checkout made in the cache goes, once nobody has asked for it for a week: other checkouts,
// which name other versions, share the cache.
import { existsSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { say } from "./progress.mjs";

const week = 7 * 24 * 3600_000;

/** {folder, used}: what set-up made says in its SOURCE what it is, and is called so; `used` in milliseconds since the epoch. */
function madeHere(cache, folder) {
  const source = join(cache, folder, "SOURCE");
  try {
    const [, name, version] = /^name: (.+)\nversion: (.+)\n/.exec(readFileSync(source, "utf8"));
    return `${name}-${version}` === folder ? [{ folder, name, used: statSync(source).mtimeMs }] : [];
  } catch {
    return [];
  }
}

/** The programs that run at this moment, as far as we may see. */
function runningPrograms() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readlinkSync(join("/proc", pid, "exe"))];
      } catch {
        return [];
      }
    });
}

/** Of each kind of layer the one that was used last: which of them an image needs is known only while it is built. */
function newestLayers(made) {
  const layers = made.filter(({ name }) => name.startsWith("image-"));
  const newest = new Map();
  for (const layer of layers) if (layer.used > (newest.get(layer.name)?.used ?? 0)) newest.set(layer.name, layer);
  return [...newest.values()].map(({ folder }) => folder);
}

/** Notes that a folder of the cache is used. */
export function noteUse(folder, now = new Date()) {
  try {
    utimesSync(join(folder, "SOURCE"), now, now);
  } catch {
    // It is not there yet, or belongs to somebody else, who sweeps it.
  }
}

function remove(path) {
  // Under a name that nobody takes for finished, and that the next set-up sweeps if this one is killed.
  const going = `${path}.partial-old-${process.pid}`;
  renameSync(path, going);
  rmSync(going, { recursive: true, force: true });
}

/** @param named the folders that this checkout names, by path, there or not */
export function sweepOldVersions(cache, named, { now = Date.now(), running = runningPrograms, tell = say } = {}) {
  if (!existsSync(cache)) return;
  for (const folder of named) noteUse(folder, new Date(now));
  const made = readdirSync(cache).flatMap((folder) => madeHere(cache, folder));
  const wanted = new Set([...named.map((folder) => basename(folder)), ...newestLayers(made)]);
  const old = made.filter(({ folder, used }) => !wanted.has(folder) && now - used > week);
  if (old.length === 0) return;
  const programs = running();
  const gone = [];
  for (const { folder } of old) {
    const path = join(cache, folder);
    if (programs.some((program) => program.startsWith(path + sep))) continue;
    try {
      remove(path);
      // What a bed of that version ran in.
      if (existsSync(`${path}-run`)) remove(`${path}-run`);
      gone.push(folder);
    } catch {
      // It is somebody else's.
    }
  }
  if (gone.length > 0)
    tell(
      `removed from ${cache}, for no version in use names it any more: ${gone.sort((a, b) => (a < b ? -1 : 1)).join(", ")}`,
    );
}
