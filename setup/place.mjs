// Folders of the cache appear whole or not at all: they are filled beside their place and renamed into it.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { Problem } from "./problem.mjs";
import { waitingFor } from "./progress.mjs";
import { withTemporary } from "./temporary.mjs";

export const isComplete = (folder) => existsSync(join(folder, "SOURCE"));

export const hashOf = (...contents) => {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content).update("\0");
  return hash.digest("hex");
};

export const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

export function verifyChecksum(file, expected, actual = sha256(file)) {
  if (actual === expected) return;
  throw new Problem(`refusing ${basename(file)}: its checksum is wrong`, {
    cause: `expected ${expected}\nreceived ${actual}`,
    fix: "try again on a network you trust; if it stays so, the package was changed after it was pinned in setup/pins.json",
  });
}

/** `fill(folder)` puts the files there and returns the lines of SOURCE, which says where they came from. */
export async function place(target, fill) {
  if (isComplete(target)) return;
  const work = async (folder) => {
    const source = await fill(folder);
    writeFileSync(join(folder, "SOURCE"), `${source.join("\n")}\n`);
    rmSync(target, { recursive: true, force: true });
    renameSync(folder, target);
    // mkdtemp makes folders for their owner only; a cache may be shared.
    chmodSync(target, 0o755);
  };
  const make = () => (isComplete(target) ? undefined : withTemporary(dirname(target), basename(target), work));
  await withLock(`${target}.lock`, make, { onWait: waitingFor(basename(target)) });
}
