// The npm packages, and Node 26 among them. Install scripts are not run: npm versions differ in whether they ask for
// approval, and the only script that matters (the package `node` fetching its binary) is done here, with a checksum.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { lastLines, run } from "./command.mjs";
import { checkNpm } from "./machine.mjs";
import { ensureNode, nodePath } from "./node.mjs";
import { inRoot } from "./paths.mjs";
import { hashOf } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { step } from "./progress.mjs";

const stampFile = () => inRoot("node_modules", ".binnacle-setup");

export const lockHash = () => hashOf(readFileSync(inRoot("package-lock.json")));

const readStamp = () => (existsSync(stampFile()) ? readFileSync(stampFile(), "utf8") : "");

export const packagesReady = () => readStamp() === lockHash() && existsSync(nodePath());

/** npm writes what it has installed into node_modules: true when that is what package-lock.json asks for. */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed.packages[path];
    if (!found) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function installedByHand() {
  const record = inRoot("node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const read = (file) => JSON.parse(readFileSync(file, "utf8"));
  return isInstalled(read(inRoot("package-lock.json")), read(record));
}

async function install() {
  checkNpm();
  // The user's npm settings may leave out development packages or insist on the Node that is running now.
  const flags = [
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--engine-strict=false",
    "--no-audit",
    "--no-fund",
  ];
  const { code, output } = await run("npm", ["ci", ...flags], { cwd: inRoot() });
  if (code === 0) return;
  throw new Problem("npm ci failed", {
    cause: lastLines(output.replace(/^npm (warn|error)\s*$|^npm warn.*\n|^.*complete log of this run.*\n/gm, ""), 10),
    fix: output.includes("in sync")
      ? "npm install && node setup/lock-file.mjs   (package-lock.json does not fit package.json)"
      : "check the network and npm's settings (npm config list), then try again",
  });
}

/** Packages and Node; leaves a stamp, so that the next start only compares a hash. */
export async function ensurePackages() {
  if (packagesReady()) return;
  if (!installedByHand()) await step("npm packages", install);
  await ensureNode();
  writeFileSync(stampFile(), lockHash());
}
