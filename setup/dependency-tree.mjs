// node setup/dependency-tree.mjs PACKAGE: what a package brings along by the lock file, and why its dependencies are overridden.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inRoot } from "./paths.mjs";

/** Why an override is there, by package. A test fails for one without a reason, and for a reason without one. */
export const reasons = {
  "@google-cloud/storage": "Google's storage: never loaded",
  "aws-sdk": "version 2, whose support has ended; 100 MB; Amazon's clouds: never loaded",
  "fast-json-patch": "prototype pollution before 3.1.1 (CVE-2021-4279); OpenStack's CDN: never loaded",
  "filed-mimefix": "uploads of files: never loaded",
  ip: "takes private addresses for public ones, in every version (CVE-2024-29415); compute of other clouds: never called",
  liboneandone: "1&1's cloud: never loaded",
  mime: "uploads of files: never loaded",
  request:
    "no longer maintained; server-side request forgery by redirects (CVE-2023-28155), mended in Cypress' continuation of it",
  xml2js: "prototype pollution before 0.5.0 (CVE-2023-0842); Amazon's and Azure's answers: never loaded",
};

/** Where npm would find `name` from the package at `path`. */
function find(lock, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const place = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[place]) return place;
    if (folder === "") return undefined;
  }
}

/** Lines of the tree below a package, each package's own dependencies once. */
export function treeOf(lock, name) {
  const lines = [];
  const seen = new Set();
  const visit = (path, shown, depth) => {
    const entry = lock.packages[path];
    const alias = entry.name && entry.name !== shown ? ` = ${entry.name}` : "";
    const reason = depth === 1 && reasons[shown] ? `  (${reasons[shown]})` : "";
    lines.push(`${"  ".repeat(depth)}${shown}${alias} ${entry.version}${reason}`);
    if (seen.has(path)) return;
    seen.add(path);
    for (const next of Object.keys(entry.dependencies || {}).sort()) {
      const place = find(lock, path, next);
      if (place) visit(place, next, depth + 1);
    }
  };
  const root = find(lock, "", name);
  if (!root) return undefined;
  visit(root, name, 0);
  return { lines, packages: seen.size };
}

function main(name) {
  const lock = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8"));
  const tree = treeOf(lock, name);
  if (!tree) {
    process.stderr.write(`binnacle: package-lock.json has no package ${name || "(give its name)"}\n`);
    process.exit(1);
  }
  process.stdout.write(`${tree.lines.join("\n")}\n${tree.packages} packages\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2] || "");
