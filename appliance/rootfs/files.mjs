// Files from here into a tree that becomes a root file system.
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** Every file and link below `folder`, as paths from it, in a stable order; folders themselves are not named. */
export function* pathsBelow(folder, prefix = "") {
  const entries = readdirSync(join(folder, prefix), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(prefix, entry.name);
    if (entry.isDirectory()) yield* pathsBelow(folder, path);
    else yield path;
  }
}

/** Copies a file or a link as it is, also one that leads nowhere yet, and makes the folders that lead to it. */
export function copyInto(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to);
}

/** Copies what `takes(path)` wants of a folder. */
export function copyTree(from, to, takes = () => true) {
  for (const path of pathsBelow(from)) if (takes(path)) copyInto(join(from, path), join(to, path));
}
