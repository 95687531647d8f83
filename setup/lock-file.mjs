// node setup/lock-file.mjs: completes package-lock.json after `npm install`.
//
// A package with binaries lists one optional package for each platform. npm leaves those of other platforms out of the lock
// file when it cannot see them (a registry mirror without them), and `npm ci` then refuses the lock
// file. They are never installed here, so an entry that says "not for this machine" is all that is needed.
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inRoot } from "./paths.mjs";

/** Where npm would look for `name` from the package at `path`: its own node_modules first, then outwards. */
function* placesOf(path, name) {
  for (let folder = path; folder !== ""; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    yield `${folder}/node_modules/${name}`;
  }
  yield `node_modules/${name}`;
}

/** Every optional package that the lock file names without having an entry for it: [{name, version, dev}]. */
export function missingOptional(lock) {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies || {})
      .filter(([name]) => ![...placesOf(path, name)].some((place) => lock.packages[place]))
      .map(([name, range]) => ({ name, version: range.replace(/^[~^]/, ""), dev: entry.dev === true })),
  );
}

export function completeLock(lock) {
  const packages = { ...lock.packages };
  for (const { name, version, dev } of missingOptional(lock)) {
    packages[`node_modules/${name}`] = { version, ...(dev ? { dev } : {}), optional: true, os: ["!linux"] };
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

function main() {
  const file = inRoot("package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const count = missingOptional(lock).length;
  if (count > 0) writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  process.stdout.write(count > 0 ? `package-lock.json: ${count} entries added\n` : "package-lock.json is complete\n");
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
