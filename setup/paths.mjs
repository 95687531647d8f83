// Where things are. Everything that set-up makes lies in node_modules, build, src/proto or the cache.
import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { applianceEnvironment } from "./node-flags.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const inRoot = (...parts) => join(root, ...parts);

/** Programs that npm has no package for live here, one folder a version, shared by every checkout. */
export function cacheFolder(env = process.env) {
  if (env.BINNACLE_CACHE) return resolve(env.BINNACLE_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "binnacle");
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Every executable of that name on PATH, in order. */
export function onPath(name, path = process.env.PATH) {
  return machinePath(path)
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .filter(isExecutable);
}

export const hasCommand = (name) => onPath(name).length > 0;

/** PATH without npm's own folders, which come first in `npm run`: npm must not run on the Node it is about to replace. */
export const machinePath = (path = process.env.PATH || "") =>
  path
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .join(delimiter);

/** The environment of everything we start: our Node and the packages' commands first on PATH. */
export function childEnvironment(node, programs = {}) {
  const folders = [node && dirname(node), inRoot("node_modules", ".bin"), process.env.PATH];
  return {
    ...applianceEnvironment,
    ...process.env,
    ...programs,
    BINNACLE_CACHE: cacheFolder(),
    // Compiled modules are kept between starts: half a second of each start, and of each test file.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || inRoot("build", "compile-cache"),
    PATH: folders.filter(Boolean).join(delimiter),
  };
}
