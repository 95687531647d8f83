// The npm packages of a running appliance: those of package-lock.json that are not for development, without what no program loads.
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { copyInto, pathsBelow } from "./files.mjs";

/** Types, sources of what was compiled, maps to them, words for people and scripts for other systems. */
const NEVER_LOADED =
  /\.([cm]?ts|flow|tsbuildinfo|map|md|markdown|coffee|cc|c|h|gyp|patch|swf|html|png|ps1|cmd|ya?ml|1)$|(^|\/)\.[^/]+$|(^|\/)(tests?|__tests__|examples?|coverage|\.github)\//i;
const IS_LICENCE = /^(licen[cs]e|copying|notice|copyright)/i;

/** Whether a package's file is wanted, by its path inside the package. */
export const isLoadable = (path) => IS_LICENCE.test(basename(path)) || !NEVER_LOADED.test(path);

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

/** Copies the package's own files, not the packages inside it. */
export function copyPackage({ path }, root, target) {
  for (const file of pathsBelow(join(root, path))) {
    if (!file.startsWith("node_modules/") && isLoadable(file))
      copyInto(join(root, path, file), join(target, path, file));
  }
}
