// Node 26 runs the program. It comes from npm too, so that every machine has the same one; it lies in the cache, where
// installing packages does not remove it.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { libraryFolders, unpackWithDependencies } from "./apt.mjs";
import { unpackFromNpm } from "./npm.mjs";
import { cacheFolder, inRoot } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { isComplete, place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { noteOf, step } from "./progress.mjs";

const { version } = pins.node;
const library = "libatomic.so.1";
const home = () => join(cacheFolder(), `node-${version}`);

export const nodePath = () => join(home(), "bin", "node");

export const nodeReady = () => isComplete(home());

/** "good", or why it is not. */
function tryNode(path) {
  const { status, stdout, stderr } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (status !== 0) return (stderr || "").trim() || `${path} --version failed`;
  return stdout.trim() === `v${version}` ? "good" : `it calls itself ${stdout.trim()}`;
}

const script = `#!/bin/sh
# This machine has no libatomic1, which Node needs: set-up put it beside (setup/node.mjs).
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$here\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$here/node.real" "$@"
`;

/** Puts the missing library beside Node, and a script before it that says where it is. */
async function addLibrary(path, folder) {
  const tree = join(folder, "tree");
  const { reason } = await unpackWithDependencies("libatomic1", tree);
  const found = libraryFolders(tree)
    .map((place) => join(place, library))
    .find(existsSync);
  if (!found) {
    throw new Problem(`Node ${version} does not run on this machine`, {
      cause: `${library} is missing${reason ? `\n${reason}` : ""}`,
      fix: "apt-get install libatomic1",
    });
  }
  copyFileSync(found, join(dirname(path), library));
  renameSync(path, join(dirname(path), "node.real"));
  writeFileSync(path, script, { mode: 0o755 });
  rmSync(tree, { recursive: true });
}

async function fill(folder) {
  const name = `node-linux-${process.arch}`;
  const integrity = pins.node[process.arch];
  const size = await unpackFromNpm(name, version, integrity, folder);
  renameSync(join(folder, "package", "bin"), join(folder, "bin"));
  rmSync(join(folder, "package"), { recursive: true });
  const path = join(folder, "bin", "node");
  chmodSync(path, 0o755);
  if (tryNode(path).includes(library)) await addLibrary(path, folder);
  const result = tryNode(path);
  if (result !== "good") {
    throw new Problem(`Node ${version} does not run on this machine`, {
      cause: result,
      fix: "install the library that the message names, or use Debian 12 or newer",
    });
  }
  return {
    size,
    source: ["name: node", `version: ${version}`, `from: npm package ${name}`, `integrity: ${integrity}`],
  };
}

export async function ensureNode() {
  if (nodeReady()) return;
  await step("Node", async () => {
    let size = 0;
    await place(home(), async (folder) => {
      const filled = await fill(folder);
      size = filled.size;
      return filled.source;
    });
    return noteOf(version, size);
  });
}

/** The commands that `npx` and `npm run` find in this checkout: our Node, and ourselves. */
export function linkCommands() {
  const links = { node: nodePath(), binnacle: inRoot("setup", "binnacle.mjs") };
  for (const [name, target] of Object.entries(links)) {
    const place = inRoot("node_modules", ".bin", name);
    if (existsSync(place)) continue;
    rmSync(place, { force: true });
    symlinkSync(target, place);
  }
}
