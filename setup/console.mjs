// The console is built by vite when its sources, or what it imports from other rooms, differ from the last build.
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { lastLines, run } from "./command.mjs";
import { lockHash } from "./packages.mjs";
import { childEnvironment, inRoot } from "./paths.mjs";
import { hashOf } from "./place.mjs";
import { Problem } from "./problem.mjs";

const folder = () => inRoot("src", "console");
const stampFile = () => inRoot("build", "console", ".sources");

const sorted = (names) => names.sort((a, b) => (a < b ? -1 : 1));

function* filesBelow(path) {
  for (const name of sorted(readdirSync(path))) {
    const full = join(path, name);
    if (statSync(full).isDirectory()) yield* filesBelow(full);
    else if (!/\.test\.\w+$/.test(name)) yield full;
  }
}

/** The rooms whose code ends up in the bundle; types are erased, so `import type` does not count. */
export function roomsImported(text) {
  const code = text.replace(/^\s*(import|export) type\b[^;]*;/gm, "");
  return [...code.matchAll(/["'](?:#|(?:\.\.\/)+)(\w+)\//g)].map((match) => match[1]);
}

function sourcesHash() {
  const own = [...filesBelow(folder())];
  const rooms = own
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => roomsImported(readFileSync(file, "utf8")))
    .filter((room) => room !== "console" && existsSync(inRoot("src", room)));
  const imported = sorted([...new Set(rooms)]).flatMap((room) => [...filesBelow(inRoot("src", room))]);
  return hashOf(lockHash(), ...[...own, ...imported].flatMap((file) => [relative(inRoot(), file), readFileSync(file)]));
}

export const hasConsole = () => existsSync(join(folder(), "vite.config.ts"));

export const consoleReady = () => existsSync(stampFile()) && readFileSync(stampFile(), "utf8") === sourcesHash();

export async function buildConsole(node) {
  const hash = sourcesHash();
  const vite = inRoot("node_modules", "vite", "bin", "vite.js");
  const { code, output } = await run(node, [vite, "build", folder()], { cwd: inRoot(), env: childEnvironment(node) });
  if (code !== 0) {
    throw new Problem("cannot build the console", {
      cause: lastLines(output, 20),
      fix: "correct the file named above, then start again",
    });
  }
  writeFileSync(stampFile(), hash);
}
