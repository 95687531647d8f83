// The npm packages of a running appliance: those of package-lock.json that are not for development, and of each what a program loads.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { copyInto, pathsBelow } from "./files.mjs";

/** Words for people, and what only tools, compilers and other systems read. */
const NEVER_READ =
  /\.(flow|tsbuildinfo|map|md|markdown|coffee|cc|c|h|gyp|patch|swf|html|png|ps1|cmd|ya?ml|1)$|(^|\/)\.[^/]+$|(^|\/)(tests?|__tests__|examples?|coverage|\.github)\//i;
const IS_CODE = /\.([cm]?[jt]s|json)$/;
const IS_LICENCE = /^(licen[cs]e|copying|notice|copyright)/i;

/**
 * {path, name, version, licence} of each package, sorted by path; `lock`: package-lock.json. Packages of
 * types alone are left out, and optional ones that are not for this machine.
 */
export function productionPackages(lock, root) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && !entry.dev && !path.includes("node_modules/@types/"))
    .filter(([path, entry]) => !entry.optional || existsSync(join(root, path)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path]) => {
      const { name, version, license, licenses } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
      return { path, name, version, licence: licenceName(license || licenses) };
    });
}

/** Also the forms of before: {type} and a list of them. */
function licenceName(value) {
  if (Array.isArray(value)) return value.map(licenceName).join(" OR ");
  if (value && typeof value === "object") return licenceName(value.type);
  return value || "not named: see its files";
}

/**
 * What is taken of a package, sorted: what is loaded, package.json beside and above it, licences, and data where a file that is loaded
 * asks where it lies. Nothing of a package that nothing loads. `files`: the package's, by their paths in it.
 */
export function takenOf(files, isLoaded, looksBeside) {
  const loaded = files.filter(isLoaded);
  if (loaded.length === 0) return [];
  const manifests = new Set(["package.json"]);
  for (const file of loaded) {
    for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) manifests.add(`${folder}/package.json`);
  }
  const readsData = loaded.some(looksBeside);
  const isTaken = (file) =>
    isLoaded(file) ||
    manifests.has(file) ||
    IS_LICENCE.test(basename(file)) ||
    (readsData && !IS_CODE.test(file) && !NEVER_READ.test(file));
  return files.filter(isTaken);
}

/**
 * Copies what is taken of a package, not the packages inside it; whether that is anything. `reachable`: see reachableFiles, with paths
 * from `root`.
 */
export function copyPackage({ path }, root, target, { files, lookingBeside }) {
  const own = [...pathsBelow(join(root, path))].filter((file) => !file.startsWith("node_modules/"));
  const has = (set) => (file) => set.has(`${path}/${file}`);
  const taken = takenOf(own, has(files), has(lookingBeside));
  for (const file of taken) copyInto(join(root, path, file), join(target, path, file));
  return taken.length > 0;
}
