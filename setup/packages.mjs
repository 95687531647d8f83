// The npm packages. Install scripts are not run: none of them is needed, and npm versions differ in whether they ask first.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { lastLines } from "./command.mjs";
import { ensureNode, linkCommands, nodePath, nodeReady } from "./node.mjs";
import { ensureNpm, patience, runNpm } from "./npm.mjs";
import { inRoot } from "./paths.mjs";
import { hashOf } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { step } from "./progress.mjs";

const stampFile = () => inRoot("node_modules", ".binnacle-setup");

export const lockHash = () => hashOf(readFileSync(inRoot("package-lock.json")));

const readStamp = () => (existsSync(stampFile()) ? readFileSync(stampFile(), "utf8") : "");

export const packagesReady = () => nodeReady() && readStamp() === lockHash();

/** Lists like ["linux"] or ["!win32"] say for which machines a package is. */
function allows(list, value) {
  if (!list) return true;
  return list.includes(value) || (!list.includes(`!${value}`) && list.every((item) => item.startsWith("!")));
}

/** A package with binaries for machines like this one; npm leaves it out when its Node is too old. */
const isForHere = ({ os, cpu, libc }) =>
  (os || cpu) && allows(os, "linux") && allows(cpu, process.arch) && allows(libc, "glibc");

/** npm writes what it has installed into node_modules: true when that is what package-lock.json asks for on this machine. */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed.packages[path];
    if (!found) return entry.optional === true && !isForHere(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

function installedByHand() {
  const record = inRoot("node_modules", ".package-lock.json");
  return existsSync(record) && isInstalled(readJson(inRoot("package-lock.json")), readJson(record));
}

async function install() {
  // The user's npm settings may leave out development packages or optional ones.
  const flags = ["--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const { code, output } = await runNpm(nodePath(), ["ci", ...patience, ...flags]);
  if (code === 0) return;
  const words = output.replace(/^npm warn.*\n|^npm error\s*\n|^.*complete log of this run.*\n/gim, "");
  throw new Problem("npm ci failed", {
    cause: output.includes("in sync") ? "package-lock.json does not fit package.json" : lastLines(words, 10),
    fix: output.includes("in sync")
      ? "npm install && node setup/lock-file.mjs"
      : "check the network and npm's settings (npm config list), then try again",
  });
}

/** Node and the packages; leaves a stamp, so that the next start only compares a hash. */
export async function ensurePackages() {
  if (packagesReady()) return;
  const installed = installedByHand();
  await Promise.all([ensureNode(), installed ? undefined : ensureNpm()]);
  if (!installed) await step("npm packages", install);
  mkdirSync(inRoot("node_modules", ".bin"), { recursive: true });
  linkCommands();
  writeFileSync(stampFile(), lockHash());
}
