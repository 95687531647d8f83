// The console is built by vite when its sources, or what it imports from other rooms, differ from the last build.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { lastLines, run } from "./command.mjs";
import { lockHash } from "./packages.mjs";
import { childEnvironment, inRoot } from "./paths.mjs";
import { hashOf } from "./place.mjs";
import { Problem } from "./problem.mjs";

const folder = () => inRoot("src", "console");
const stampFile = () => inRoot("build", "console", ".sources");

function* filesBelow(path) {
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const full = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(full);
    else if (!/\.test\.\w+$/.test(entry.name)) yield full;
  }
}

/** The rooms whose code ends up in the bundle; types are erased, so `import type` does not count. */
export function roomsImported(text) {
  const code = text.replace(/^\s*(import|export) type\b[^;]*;/gm, "");
  return [...code.matchAll(/["'](?:#|(?:\.\.\/)+)(\w+)\//g)].map((match) => match[1]);
}

function sourcesHash() {
  const files = [...filesBelow(folder())];
  const contents = files.map((file) => readFileSync(file));
  const rooms = new Set(
    contents.flatMap((content, i) => (/\.tsx?$/.test(files[i]) ? roomsImported(content.toString()) : [])),
  );
  for (const room of [...rooms].sort()) {
    if (room === "console" || !existsSync(inRoot("src", room))) continue;
    for (const file of filesBelow(inRoot("src", room))) (files.push(file), contents.push(readFileSync(file)));
  }
  return hashOf(lockHash(), ...files.flatMap((file, i) => [relative(inRoot(), file), contents[i]]));
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
