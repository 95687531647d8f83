// A program of Debian's for the benchmarks: a load generator, other proxies to compare with. Nothing is installed.
import { existsSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { libraryFolders, unpackWithDependencies } from "./apt.mjs";
import { withLock } from "./lock.mjs";
import { cacheFolder, onPath } from "./paths.mjs";
import { withTemporary } from "./temporary.mjs";

/**
 * The program `path` (as usr/bin/wrk) of a package, from PATH or unpacked in the cache: {command, env}, or {reason} when
 * it cannot be had.
 */
export async function debianProgram(name, path) {
  const [installed] = onPath(basename(path), `${process.env.PATH}:/usr/sbin`);
  if (installed) return { command: installed, env: {} };
  const folder = join(cacheFolder(), `debian-${name}`);
  if (!existsSync(folder)) {
    // Several test files may want it at once.
    const { reason } = await withLock(`${folder}.lock`, () => fetchInto(name, folder));
    if (reason) return { reason };
  }
  const command = join(folder, path);
  if (!existsSync(command)) return { reason: `Debian's package ${name} has no ${path}` };
  const libraries = libraryFolders(folder).join(":");
  return { command, env: libraries === "" ? {} : { LD_LIBRARY_PATH: libraries } };
}

async function fetchInto(name, folder) {
  if (existsSync(folder)) return {};
  return withTemporary(cacheFolder(), `debian-${name}`, async (work) => {
    const result = await unpackWithDependencies(name, work);
    if (!result.reason) renameSync(work, folder);
    return result;
  });
}
