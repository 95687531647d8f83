import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "#lib/error-code.ts";

/**
 * Makes sure of a folder that nobody else can look into: made 0700 with its parents, or tightened to that. Throws when it
 * is something else, or belongs to another user, who could then put things there for us.
 */
export function privateDirectory(path: string): void {
  makeFolder(path);
  const found = lstatSync(path);
  if (!found.isDirectory()) throw new Error(`${path} is not a folder; move it away, or choose another place`);
  const self = process.getuid?.();
  if (self !== undefined && found.uid !== self) {
    throw new Error(
      `${path} belongs to user ${found.uid}, and this process runs as user ${self}; choose another place`,
    );
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/**
 * Makes a folder 0700, with its parents. `mkdir` of Node with `recursive` does not, where the system refuses it: it calls a file
 * system that is read-only a folder that does not exist, and never returns where nothing can be made, as below /proc.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    if (!hasCode(error, "ENOENT") || statSync(dirname(path), { throwIfNoEntry: false }) !== undefined) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}
