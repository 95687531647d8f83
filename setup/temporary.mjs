// Folders that are only there while something is made. They go with the process; what a killed one left goes an hour later.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const mark = ".partial-";
const hour = 3600_000;
const ours = new Set();

const remove = (folder) => rmSync(folder, { recursive: true, force: true });

process.on("exit", () => ours.forEach(remove));

/** Resolves to what `work(folder)` resolves to; the folder lies in `parent`, so that renaming out of it is atomic. */
export async function withTemporary(parent, name, work) {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `${name}${mark}`));
  ours.add(folder);
  try {
    return await work(folder);
  } finally {
    ours.delete(folder);
    remove(folder);
  }
}

export function sweep(parent, now = Date.now()) {
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    if (name.includes(mark) && now - statSync(join(parent, name)).mtimeMs > hour) remove(join(parent, name));
  }
}
